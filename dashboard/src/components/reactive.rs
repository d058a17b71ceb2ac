/// Draws something anew whenever a signal changes that this reads.
///
/// It is a closure of a view, boxed: that is compiled anew wherever it is used, this once for each type.
pub fn reactive<T: 'static>(draw: impl Fn() -> T + Send + 'static) -> Box<dyn Fn() -> T + Send> {
    Box::new(draw)
}
