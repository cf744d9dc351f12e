{% snapshot orders_then %}
{{ config(target_schema='marts', unique_key='id', strategy='check', check_cols=['name']) }}
select * from {{ ref('orders') }}
{% endsnapshot %}
