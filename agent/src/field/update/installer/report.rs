//! What is told of slots and upload.

use embedded_storage::nor_flash::NorFlash;
use heapbeacon_shared::api;
use heapbeacon_shared::update::HEADER_BYTES;

use super::{Board, Installer, Rollback, installed};

impl<F: NorFlash> Installer<F> {
    /// Describes slots and upload: the byte that is to come next, unless it is coming, and how many there are in all.
    pub(in crate::field::update) fn status(&mut self, next: Option<u32>, total: u32) -> api::Ota {
        let chosen = self.otadata.chosen(&mut self.flash);
        let next_slot = chosen.unwrap_or(self.board.running);
        let upload = self.upload.as_ref();
        let written = upload.map_or(0, |upload| match upload.read_back {
            None => upload.done + HEADER_BYTES as u32,
            Some(_) => upload.header.size + HEADER_BYTES as u32,
        });
        let state = match (next, upload) {
            (None, Some(upload)) if upload.read_back.is_some() => api::OtaState::Checking,
            (None, _) => api::OtaState::Receiving,
            (Some(_), _) if total > 0 => api::OtaState::Interrupted,
            (Some(_), _) if next_slot != self.board.running => api::OtaState::RestartNeeded,
            _ if self.is_on_trial => api::OtaState::Trial,
            _ => api::OtaState::Idle,
        };
        let is_coming = next.is_none() || total > 0;
        api::Ota {
            state,
            running: self.board.running as u8,
            next: next_slot as u8,
            rollback: match self.board.rollback {
                Rollback::Bootloader | Rollback::CountingBootloader => api::OtaRollback::Bootloader,
                Rollback::OwnStart => api::OtaRollback::OwnStart,
            },
            slots: [0, 1].into_iter().map(|slot| self.slot(slot)).collect(),
            upload: is_coming.then(|| {
                let header = self.upload.as_ref().map(|upload| &upload.header);
                api::OtaUpload {
                    received: next.unwrap_or(written),
                    total: header.map_or(total, |header| header.size + HEADER_BYTES as u32),
                    version: header.map(|header| header.version.clone()),
                    build_id: header.map(|header| header.build_id.clone()),
                }
            }),
        }
    }

    fn slot(&mut self, slot: usize) -> api::OtaSlot {
        let size = self.room();
        if slot == self.board.running {
            let Board {
                firmware,
                version,
                build_id,
                ..
            } = &self.board;
            return api::OtaSlot {
                size,
                firmware: Some(firmware.clone()),
                version: Some(version.clone()),
                build_id: Some(build_id.clone()),
                ..api::OtaSlot::default()
            };
        }
        let header = installed(&mut self.flash, &self.board.layout, slot);
        let left = self.otadata.rejection_of(&mut self.flash, slot);
        let rejection = left.unwrap_or(None).filter(|_| header.is_some());
        api::OtaSlot {
            size,
            firmware: header.as_ref().map(|header| header.firmware.clone()),
            version: header.as_ref().map(|header| header.version.clone()),
            build_id: header.map(|header| header.build_id),
            is_rejected: rejection.is_some(),
            rejection,
        }
    }
}
