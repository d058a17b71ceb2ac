use leptos::prelude::*;

use super::memo;

/// Shows its children while a condition holds, and the fallback otherwise.
///
/// It is [`Show`] with boxed closures: that one is compiled anew wherever it is used, this one once.
#[component]
pub fn When(
    /// The condition; the children are drawn anew when it changes, not when it is looked at.
    #[prop(into)]
    is: Signal<bool>,
    /// What it shows.
    children: ChildrenFn,
    /// What stands there otherwise.
    #[prop(optional, into)]
    fallback: ViewFn,
) -> impl IntoView {
    let is = memo(move || is.get());
    view! {
        {move || match is.get() {
            true => children(),
            false => fallback.run(),
        }}
    }
}
