-- What waits, in the order in which it is sent: whoever looks need not count what waits behind.
CREATE INDEX outbox_in_order ON outbox (seq) WHERE sent_ms IS NULL AND dead_ms IS NULL;
