{{ config(materialized='table', dist='id', sort=['id']) }}
select id, name from {{ ref('customers') }}
