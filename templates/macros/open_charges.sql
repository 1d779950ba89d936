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
        coalesce(sum(amount) filter (where is_charge), 0) as charge,
        -coalesce(sum(amount) filter (where not is_charge), 0) as credit
    from {{ attached }}
    where guarantor_id is not null and aging_date <= '{{ as_of }}'::date and amount != 0
    group by guarantor_id, patient_id, procedure_id, aging_date
),

families as (
    select
        guarantor_id,
        coalesce(sum(charge) filter (where bucket = '0-30'), 0) as charges_0_30,
        coalesce(sum(charge) filter (where bucket = '31-60'), 0) as charges_31_60,
        coalesce(sum(charge) filter (where bucket = '61-90'), 0) as charges_61_90,
        coalesce(sum(charge) filter (where bucket = 'over-90'), 0) as charges_over_90,
        sum(credit) as credits
    from charges
    group by guarantor_id
),

buckets as (
    {{ buckets_after_credits('families', ['guarantor_id']) | indent }}
),

-- The oldest are paid first: what a bucket has left is its youngest charges.
younger as (
    select
        guarantor_id,
        patient_id,
        procedure_id,
        bucket,
        charge,
        coalesce(sum(greatest(charge, 0)) over (
            partition by guarantor_id, bucket
            order by aging_date desc, patient_id desc, procedure_id desc
            rows between unbounded preceding and 1 preceding
        ), 0) as younger_charges
    from charges
)

select
    younger.patient_id,
    younger.procedure_id,
    sum(greatest(least(
        younger.charge,
        case younger.bucket
            when '0-30' then buckets.balance_0_30
            when '31-60' then buckets.balance_31_60
            when '61-90' then buckets.balance_61_90
            else buckets.balance_over_90
        end - younger.younger_charges
    ), 0)) as open_after_credits
from younger
inner join buckets
    on younger.guarantor_id = buckets.guarantor_id
group by younger.patient_id, younger.procedure_id
{%- endmacro %}
