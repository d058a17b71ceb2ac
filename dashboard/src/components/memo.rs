use leptos::prelude::*;

/// Works something out, anew whenever a signal changes that this reads, and tells of it where it is another than before.
///
/// It is [`Memo`] with a boxed closure: that one is compiled anew wherever it is used, this one once for each type.
pub fn memo<T: PartialEq + Send + Sync + 'static>(
    work_out: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    boxed(Box::new(work_out))
}

#[inline(never)]
fn boxed<T: PartialEq + Send + Sync + 'static>(
    work_out: Box<dyn Fn() -> T + Send + Sync>,
) -> Memo<T> {
    Memo::new(move |_| work_out())
}
