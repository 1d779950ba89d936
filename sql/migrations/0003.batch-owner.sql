-- depends: 0002.ops
set role daysheet_owner;

alter table ops.batch add column owner text;
comment on column ops.batch.owner is
'The run that works on the batch. A load or commit by any other run is refused, so a run that '
'was taken over can change nothing any more.';

reset role;
