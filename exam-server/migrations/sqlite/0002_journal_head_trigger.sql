-- A frame moves the head of its journal in the statement that appends it, so that an append is one
-- statement and with it a transaction of its own.
create trigger journal_frame_moves_head after insert on journal_frame
begin
    update journal_head set seq = new.seq, last_id = new.id where attempt_no = new.attempt_no;
end;
