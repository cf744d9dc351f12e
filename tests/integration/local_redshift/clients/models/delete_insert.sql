{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='id') }}
select id, name from {{ ref('orders') }}
{% if is_incremental() %} where id >= (select max(id) from {{ this }}) {% endif %}
