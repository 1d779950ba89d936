-- depends: 0005.exact-batch
set role daysheet_owner;

create table ops.build_total (
    build integer not null references ops.build,
    subject text not null,
    measure text not null,
    value numeric not null,
    primary key (build, subject, measure)
);
comment on table ops.build_total is
'Sums and counts over whole models and source tables of one build, one scan each; build checks '
'compare them with each other and with those of the build published before.';

create table ops.quality_report (
    build integer primary key references ops.build,
    report jsonb not null,
    made_at timestamptz not null default now()
);
comment on table ops.quality_report is
'What the last phase found about one build: models, findings, money and drift. Names, counts and '
'sums only; it outlives the build.';

alter table ops.build_check add column seconds numeric(12, 3);

grant select on ops.build_total, ops.quality_report to
daysheet_loader, daysheet_builder, daysheet_reader, daysheet_desk, daysheet_mailer;
grant insert, update, delete on ops.build_total, ops.quality_report to daysheet_builder;

reset role;
