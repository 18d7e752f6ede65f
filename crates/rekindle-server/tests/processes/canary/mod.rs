//! Secrets in every place where one can stand, and then a look at everything that the server has said.
//!
//! `marks` makes them and finds them again, in whatever `spellings`. `document` reads what can be asked, `places` puts a
//! secret into each place of a `request`, `site` is the server, and `run` tries it all.

mod application;
mod commands;
mod configured;
mod dialects;
mod document;
mod encrypted;
mod marks;
mod panics;
mod places;
mod request;
mod run;
mod site;
mod spellings;
