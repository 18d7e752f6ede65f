-- Renewals that retire enter the feed, and the row says itself from when on its older tokens are refused: until now that
-- was a replay window after `retired_at`, nearly always this one.
ALTER TABLE sessions RENAME COLUMN retired_at TO retired_from;
UPDATE sessions SET retired_from = retired_from + 31 WHERE retired_before > 0;
ALTER TABLE changes ADD COLUMN refuse_from INTEGER NOT NULL DEFAULT 0;
