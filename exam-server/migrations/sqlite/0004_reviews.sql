-- Reviews of all states, the gravest first.
create index review_by_severity on review (severity, attempt_no);
