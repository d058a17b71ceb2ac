//! What only the host board has: its command line, who it lets in, its dashboard, its own image.

mod support;

mod host {
    mod command_line;
    mod crowds;
    mod dashboard;
    mod events;
    mod fleet;
    mod guard;
    mod image;
    mod mdns;
    mod settings;
    mod update;
}
