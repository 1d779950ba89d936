-- warn: Models that lost or gained more than a fifth of their rows since the published build.
select
    this.model as subject,
    before_version.row_count as rows_before,
    this_version.row_count as rows_now
from ops.build_model as this
inner join ops.model_version as this_version
    on this.fingerprint = this_version.fingerprint
inner join ops.current_build as published
    on true
inner join ops.build_model as last_build
    on published.build = last_build.build and this.model = last_build.model
inner join ops.model_version as before_version
    on last_build.fingerprint = before_version.fingerprint
where
    this.build = {{ build }}
    and before_version.row_count >= 100
    and abs(this_version.row_count - before_version.row_count) * 5 > before_version.row_count
