{# What is left of each charge once the family's credits have paid: first those netted within a
   procedure and the like, in their own bucket, then all others, the oldest bucket first. Within a
   bucket the oldest day goes first, then the lower patient and procedure. What is left adds up to
   the family's aged buckets, unrounded. `attached` are rows of families with the account row they
   belong to; charges of one account row and day are one. #}
{% macro open_charges(attached, as_of) -%}
with charges as (
    select
        guarantor_id,
        patient_id,
        procedure_id,
        aging_date,
        {{ age_bucket(days_between('aging_date', "'" ~ as_of ~ "'")) | indent(8) }} as bucket,
        sum(amount) as charge
    from {{ attached }}
    where guarantor_id is not null and aging_date <= '{{ as_of }}'::date and is_charge
    group by guarantor_id, patient_id, procedure_id, aging_date
),

credits as (
    select
        guarantor_id,
        -sum(amount) as credits
    from {{ attached }}
    where guarantor_id is not null and aging_date <= '{{ as_of }}'::date and not is_charge
    group by guarantor_id
),

families as (
    select
        charges.guarantor_id,
        coalesce(sum(charges.charge) filter (where charges.bucket = '0-30'), 0) as charges_0_30,
        coalesce(sum(charges.charge) filter (where charges.bucket = '31-60'), 0) as charges_31_60,
        coalesce(sum(charges.charge) filter (where charges.bucket = '61-90'), 0) as charges_61_90,
        coalesce(sum(charges.charge) filter (where charges.bucket = 'over-90'), 0)
            as charges_over_90,
        coalesce(max(credits.credits), 0) as credits
    from charges
    left join credits
        on charges.guarantor_id = credits.guarantor_id
    group by charges.guarantor_id
),

buckets as (
    {{ buckets_after_credits('families', ['guarantor_id']) | indent }}
),

-- The oldest are paid first: what a bucket has left is its youngest charges.
open_buckets as (
    select
        charges.guarantor_id,
        charges.patient_id,
        charges.procedure_id,
        charges.charge,
        case charges.bucket
            when '0-30' then buckets.balance_0_30
            when '31-60' then buckets.balance_31_60
            when '61-90' then buckets.balance_61_90
            else buckets.balance_over_90
        end as left_in_bucket,
        coalesce(sum(greatest(charges.charge, 0)) over (
            partition by charges.guarantor_id, charges.bucket
            order by
                charges.aging_date desc, charges.patient_id desc, charges.procedure_id desc
            rows between unbounded preceding and 1 preceding
        ), 0) as younger_charges
    from charges
    inner join buckets
        on charges.guarantor_id = buckets.guarantor_id
)

select
    patient_id,
    procedure_id,
    sum(greatest(least(charge, left_in_bucket - younger_charges), 0)) as open_after_credits
from open_buckets
where left_in_bucket > younger_charges
group by patient_id, procedure_id
{%- endmacro %}
