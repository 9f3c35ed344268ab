"""Damage of words and texts: look-alikes of codes, and text that would do harm elsewhere.

Usage: imported by broken_row_cases.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Iterator

from broken_row_cases import PLACEHOLDERS, planted
from broken_rows import Planted

LOOK_ALIKES = {
    ("hospital_ops", "appointments", "status"): [
        "Cоmpleted",
        "Ｃompleted",
        "com\u200bpleted",
        "Νo-show",
    ],
    ("hospital_ops", "billing", "payment_status"): ["pаid", "раid", "Ρaid", "paid!"],
    ("hospital_ops", "billing", "payment_method"): ["Cаsh", "Саsh"],
    ("hospital_ops", "patients", "gender"): ["Fеmale", "Μ", "Ϝ"],
    ("care_episodes", "episodes", "patient_gender"): ["Маle"],
    ("care_episodes", "episodes", "disposition"): ["hоme", "hom\u00e9"],
    ("cancer_registry", "cases", "vital_status"): ["deаd", "аlive"],
    ("cancer_registry", "cases", "stage"): ["Stage ІІІ"],
    ("hospital_ops", "slots", "held"): ["truе"],
}
SAME_CODE = {
    ("hospital_ops", "appointments", "status", "status"): {
        "COMPLETED ": "attended", "completed\u200b": "attended", "\u00a0No-Show\t": "no_show",
        "\u200fCancelled\u200e": "cancelled",
    },
    ("hospital_ops", "billing", "payment_status", "payment_status"): {"\ufeffPAID": "paid"},
    ("cancer_registry", "cases", "vital_status", "vital_status"): {"\u2009Dead\u3000": "dead"},
}  # fmt: skip
HOSTILE = {
    "SQL": "'; drop table marts.fct_bills; --",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "formula": "=cmd|'/C calc'!A0",
    "path": "../../../../etc/passwd\\..\\C:",
    "template": "{{ env_var('WARDHOUSE_KEY') }}{% raw %}${HOME}`id`$(id)",
    "emoji": "🏥👩‍⚕️ e\u0301 💊",
    "control": "a\x01b\x07c\x1b[31md\x7f",
    "newlines": "first\nsecond\r\nthird",
    "right to left": "\u202egnp.exe مستشفى\u202c",
    "separators": "a;b:c|d,e\"f'g,,",
    "at": "@SUM(1+1)*cmd",
    "percent": "%s %d {0} {} 100%",
}
TEXTS = {
    ("hospital_ops", "patients"): [
        "first_name", "last_name", "contact_number", "address", "insurance_provider",
        "insurance_number", "email", "region",
    ],
    ("hospital_ops", "doctors"): [
        "first_name", "last_name", "specialization", "phone_number", "hospital_branch", "email",
    ],
    ("hospital_ops", "appointments"): ["reason_for_visit"],
    ("hospital_ops", "treatments"): ["treatment_type", "description"],
    ("care_episodes", "episodes"): [
        "facility", "department", "treatment_type", "insurance_type", "diagnosis_group", "region",
    ],
    ("care_episodes", "available_beds"): ["facility", "department"],
    ("cancer_registry", "cases"): [
        "cancer_type", "treatment", "region", "hospital", "insurance_type",
    ],
    ("team_surveys", "responses"): ["facility", "department", "role"],
}  # fmt: skip
# columns of which nothing is staged: their text can do no harm and is no repair
NOT_STAGED = {
    "first_name", "last_name", "contact_number", "address", "insurance_number", "phone_number",
    "email", "description", "role",
}  # fmt: skip


def codes() -> Iterator[Planted]:
    """Words that look like a code, words that are one, and placeholders for one."""
    for (system, table, column), words in LOOK_ALIKES.items():
        for word in words:
            yield planted(
                "look-alike of a code",
                system,
                table,
                {column: word},
                repairs=[f"{column}:unmapped_code"],
            )
        for word in PLACEHOLDERS[:4]:
            yield planted(
                "placeholder of a code",
                system,
                table,
                {column: word},
                repairs=[f"{column}:sentinel"],
            )
    for (system, table, column, staged), words in SAME_CODE.items():
        for word, code in words.items():
            yield planted(
                "code between invisible marks", system, table, {column: word}, staged={staged: code}
            )


def hostile() -> Iterator[Planted]:
    """Text that would do harm where it is not kept as text."""
    for (system, table), columns in TEXTS.items():
        for kind, text in HOSTILE.items():
            changes = dict.fromkeys(columns, text)
            if table in ("patients", "cases"):
                changes |= {"region": f"{kind} region {text}"}
            yield planted(f"hostile text: {kind}", system, table, changes)
        huge = dict.fromkeys(columns, "x" * 1_000_000)
        yield planted(
            "hostile text: a million characters",
            system,
            table,
            huge,
            repairs=[f"{c}:too_long" for c in columns if c not in NOT_STAGED],
        )
        named = [column for column in columns if column not in NOT_STAGED]
        yield planted(
            "name: all",
            system,
            table,
            dict.fromkeys(named, "ALL"),
            **(
                {"status": "rejected", "reason": "totals_row"}
                if table == "available_beds"
                else {"repairs": [f"{c}:sentinel" for c in named]}
            ),
        )
        for text in PLACEHOLDERS[:8]:
            wanted = (
                {"status": "rejected", "reason": "missing_key"}
                if table == "available_beds"
                else {"repairs": [f"{c}:sentinel" for c in named]}
            )
            if table not in ("doctors", "available_beds", "responses") or text == "?":
                yield planted(
                    "name: placeholder", system, table, dict.fromkeys(named, text), **wanted
                )
    for column, coded in (("status", "appointments"), ("payment_status", "billing")):
        for kind, text in HOSTILE.items():
            yield planted(
                f"hostile code: {kind}",
                "hospital_ops",
                coded,
                {column: text},
                repairs=[f"{column}:unmapped_code"],
            )
    for kind, text in HOSTILE.items():
        yield planted(
            f"hostile key: {kind}", "hospital_ops", "appointments", {"appointment_id": text}
        )
        yield planted(
            f"hostile link: {kind}",
            "hospital_ops",
            "appointments",
            {"patient_id": text, "doctor_id": text},
            orphans=["patient_id", "doctor_id"],
        )
