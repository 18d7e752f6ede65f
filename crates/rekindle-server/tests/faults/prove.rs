//! What is to be true after any fault, and the line of figures that says how it went.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use super::fleet::Fleet;
use super::load::{Load, Shared};

/// How often each fault happens.
pub fn cycles() -> u64 {
    std::env::var("REKINDLE_FAULT_CYCLES").map_or(3, |cycles| cycles.parse().unwrap())
}

/// Ends the load and shows that nobody was logged out, nothing was taken for theft, what was signed out is, and all answers fit
/// into one order. Answers how many rotations were lost and healed.
pub fn sound(fault: &str, on: &str, cycles: u64, load: Load, fleet: &Fleet) -> u64 {
    let shared = load.finish();
    let Shared { counts, .. } = &*shared;
    let of = |counter: &AtomicU64| counter.load(SeqCst);
    let said = ["\"theft_detected\"", "\"store_rollback_detected\"", "this is a defect"]
        .map(|text| fleet.said(text));
    let [thefts, heals, defects] = said;
    println!(
        "{fault}, {on}: {cycles} cycles, {} refreshes, {} logins, {} sign-outs, {} times 503, {} cut off, {} refused; healed {heals}, \
         logins lost as declared {}, sign-outs {}; false logouts {}, thefts {thefts}, superseded {}, alive after sign-out {}, \
         broken histories {}",
        of(&counts.refreshes),
        of(&counts.logins),
        of(&counts.sign_outs),
        of(&counts.not_now),
        of(&counts.cut),
        of(&counts.refused),
        of(&counts.lost_logins),
        of(&counts.lost_sign_outs),
        of(&counts.false_logouts),
        of(&counts.superseded),
        of(&counts.revived),
        of(&counts.broken_histories),
    );
    assert!(of(&counts.refreshes) > cycles * 10, "there was no load");
    let wrong =
        [&counts.false_logouts, &counts.superseded, &counts.revived, &counts.broken_histories].map(of);
    assert_eq!((wrong, thefts, defects), ([0; 4], 0, 0));
    if shared.losses().is_empty() {
        assert_eq!(
            (of(&counts.lost_logins), of(&counts.lost_sign_outs), heals),
            (0, 0, 0),
            "nothing was lost"
        );
    }
    heals
}
