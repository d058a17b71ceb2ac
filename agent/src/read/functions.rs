//! The functions of the running image, by whoever knows them: the board, or a symbol file that it holds.

use heapbeacon_shared::symbol_file::{self, FunctionName, Head, Unreadable};

use crate::platform::{Device, Functions};
use crate::read::symbols::{File, Place};

/// What names functions.
pub(crate) enum Known {
    Board(&'static dyn Functions),
    Image(symbol_file::Functions<&'static [u8]>),
    Flash(symbol_file::Functions<Place>),
}

/// The name of a function.
pub(crate) enum Found<'k> {
    Text(&'k str),
    /// It is read piece by piece.
    Filed(FunctionName),
}

impl Known {
    /// Finds who knows the functions; `None` if nobody does.
    pub(crate) fn open<P: Device>() -> Option<Self> {
        if let Some(functions) = P::functions() {
            return Some(Self::Board(functions));
        }
        // Builds without an id can't be told apart.
        let running = Some(P::describe().build_id).filter(|id| !id.is_empty())?;
        match P::elf() {
            Some(image) => {
                let head = Head::read(image).filter(|head| head.build_id == running)?;
                symbol_file::Functions::open(image, head.functions).map(Self::Image)
            }
            None => File::open::<P>().ok()?.functions().map(Self::Flash),
        }
    }

    /// Finds the name of the function that an address of the image lies in.
    ///
    /// # Errors
    /// When the flash can't be read, or holds something else by now.
    pub(crate) fn find(&self, address: u64) -> Result<Option<Found<'_>>, Unreadable> {
        let filed = match self {
            Self::Board(functions) => return Ok(functions.name(address).map(Found::Text)),
            Self::Image(functions) => functions.find(address),
            Self::Flash(functions) => functions.find(address),
        };
        Ok(filed?.map(Found::Filed))
    }

    /// Reads the next bytes of a name in a symbol file into some room; returns how many, 0 at its end.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub(crate) fn read(
        &self,
        name: &mut FunctionName,
        room: &mut [u8],
    ) -> Result<usize, Unreadable> {
        match self {
            Self::Board(_) => Ok(0),
            Self::Image(functions) => functions.read_name(name, room),
            Self::Flash(functions) => functions.read_name(name, room),
        }
    }
}
