-- Raw rows, counted independently of the reader, are accepted, rejected or superseded.
select *
from {{ ref('dq_reconciliation') }}
where difference != 0
