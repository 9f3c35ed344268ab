-- What is said about the data, and does it hold?
select
    claim_id,
    source,
    statement,
    verdict,
    explanation
from marts.claims_ledger
order by claim_id asc
