//! `/postmortem`, `/restart`, `/ota` and what is written to `/elf`: what somebody asks of a device in the field.

use heapbeacon_shared::api;
use heapbeacon_shared::symbol_file::Head;

#[cfg(feature = "update")]
use crate::field::update::Refusal;
use crate::http::answer::postmortem_page::{KeptMessages, PostMortemPage};
use crate::http::answer::reply::{Json, Reply, Stream};
use crate::http::problem::Problem;
use crate::platform::Device;
use crate::postmortem::{BlackBox, Outcome};
use crate::read::symbols::Missing;

type Answer = Result<Reply, Problem>;

fn black_box<P: Device>() -> Result<&'static BlackBox<P::Lock>, Problem> {
    P::black_box().ok_or_else(|| {
        Problem::not_found(format_args!(
            "This board keeps nothing of a boot that has ended: see `Platform::black_box` in its firmware."
        ))
    })
}

pub(crate) fn post_mortem<P: Device>(is_postcard: bool) -> Answer {
    let black_box = black_box::<P>()?;
    if !is_postcard {
        return Ok(Reply::stream(Stream::PostMortem(PostMortemPage::new())));
    }
    if black_box.outcome() != Outcome::Found {
        return Err(Problem::not_found(format_args!(
            "There is no post-mortem: as JSON, this says why."
        )));
    }
    Ok(Reply::stream(Stream::KeptMessages(KeptMessages(0))))
}

pub(crate) fn delete_post_mortem<P: Device>() -> Answer {
    black_box::<P>()?.delete();
    Ok(Reply::stream(Stream::PostMortem(PostMortemPage::new())))
}

pub(crate) fn restart<P: Device>() -> Answer {
    if !P::restart() {
        return Err(Problem::not_found(format_args!(
            "This board does not restart itself: see `Device::restart` in its firmware."
        )));
    }
    Ok(Reply::json(Json::Restart(api::Restart {
        restarting: true,
    })))
}

/// Answers names that have come to their end, by what they say of themselves.
pub(crate) fn held_symbols<P: Device>(head: Option<&Head>) -> Answer {
    let head = head.ok_or_else(|| Problem::no_symbols(Missing::NoFile))?;
    let running = head.build_id == P::describe().build_id;
    let held = Json::HeldSymbols(api::HeldSymbols {
        build_id: head.build_id.clone(),
        bytes: head.bytes,
        running,
    });
    Ok(Reply::json(held).with("Cache-Control", "no-store"))
}

/// Answers an upload that has come to its end.
#[cfg(feature = "update")]
pub(crate) fn uploaded<P: Device>() -> Answer {
    Ok(ota::<P>()?.with("Cache-Control", "no-store"))
}

#[cfg(feature = "update")]
pub(crate) fn ota<P: Device>() -> Answer {
    let update = P::update().ok_or_else(Problem::takes_no_firmware)?;
    let status = update.status().ok_or(Refusal::Busy)?;
    Ok(Reply::json(Json::Ota(status)))
}

#[cfg(feature = "update")]
pub(crate) fn cancel_upload<P: Device>() -> Answer {
    P::update()
        .ok_or_else(Problem::takes_no_firmware)?
        .cancel()?;
    ota::<P>()
}
