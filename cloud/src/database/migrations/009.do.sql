-- Hash of the block through which events were read: another one there now is a reorg. Null for a block that was not the head.
ALTER TABLE cloud.chain_cursor ADD COLUMN hash text;
