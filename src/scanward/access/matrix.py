"""The matrix of roles, actions and relations, as data; docs/reference/matrix.md is made from it.

One row is one rule: people of these roles (None: no role is asked for, the relation says it all), standing in this
relation to the record, may do these actions for these purposes. What no row allows is refused.
"""

from dataclasses import dataclass
from datetime import timedelta

from scanward.access.kinds import Action, Projection, Relation
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import CLINICIANS, OFFICERS, Role

# How long a grant lasts; whatever is longer asks again.
GRANT_LASTS = timedelta(minutes=15)

_Purposes = frozenset[PurposeOfUse]
_CARE: _Purposes = frozenset({PurposeOfUse.TREATMENT, PurposeOfUse.COORDINATION, PurposeOfUse.EMERGENCY})
_SELF: _Purposes = frozenset({PurposeOfUse.PATIENT_REQUEST})
_PROXY: _Purposes = frozenset({PurposeOfUse.PATIENT_REQUEST, PurposeOfUse.REPRESENTATIVE_REQUEST})
_DESK: _Purposes = frozenset({PurposeOfUse.RECORDS, PurposeOfUse.ADMINISTRATION})
_OVERSIGHT: _Purposes = frozenset({PurposeOfUse.COMPLIANCE})
# A release is for whatever the requester or the authorization states, so whoever works on it does so for that, be it
# for another house's quality work. These never leave the house.
RELEASE: _Purposes = frozenset(PurposeOfUse) - {
    PurposeOfUse.BREAK_GLASS,
    PurposeOfUse.SYSTEM,
    PurposeOfUse.TRAINING,
    PurposeOfUse.TESTING,
}

READ = frozenset({Action.VIEW_STUDY, Action.VIEW_IMAGES, Action.VIEW_REPORT, Action.DOWNLOAD})
_OWN_RIGHTS = frozenset(
    {
        Action.VIEW_ACCESS_LOG,
        Action.CREATE_REQUEST,
        Action.CREATE_SHARE,
        Action.REVOKE_SHARE,
        Action.SIGN_AUTHORIZATION,
        Action.REVOKE_AUTHORIZATION,
        Action.SEE_FEES,
        Action.ASK_RIGHTS,
    }
)
_RECORDS = frozenset({Role.HIM_CLERK, Role.HIM_LEAD})
_RECORDS_AND_PRIVACY = _RECORDS | {Role.PRIVACY_OFFICER}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the matrix."""

    name: str
    roles: frozenset[Role] | None
    relation: Relation
    actions: frozenset[Action]
    purposes: frozenset[PurposeOfUse]
    reason: str
    citation: str
    projection: Projection = Projection.ALL


def _only(*actions: Action) -> frozenset[Action]:
    return frozenset(actions)


# fmt: off
RULES: tuple[Rule, ...] = (
    # --- Patients, representatives, and whom they share with
    Rule("patient-own", None, Relation.OWN, READ | _OWN_RIGHTS, _SELF,
        "A patient may see and keep everything in her own record.", "45 CFR 164.524(a)(1)"),
    Rule("patient-sends", None, Relation.OWN,
        _only(Action.CREATE_REQUEST, Action.CREATE_SHARE, Action.SIGN_AUTHORIZATION), RELEASE,
        "A patient may let others have her record, for a purpose that she states.", "45 CFR 164.508(c)(1)"),
    Rule("representative", None, Relation.REPRESENTED, READ | _OWN_RIGHTS, _PROXY,
        "A personal representative stands in the patient's place, within the scope and the time of the authority.",
        "45 CFR 164.502(g)(1)"),
    Rule("representative-sends", None, Relation.REPRESENTED,
        _only(Action.CREATE_REQUEST, Action.CREATE_SHARE, Action.SIGN_AUTHORIZATION), RELEASE,
        "A personal representative may let others have the record, within the scope of the authority.",
        "45 CFR 164.502(g)(1)"),
    Rule("patient-brings", None, Relation.OWN, _only(Action.IMPORT), _SELF,
        "A patient may bring scans of her own; only what is hers for certain is added.", "45 CFR 164.506(c)(1)"),
    Rule("representative-brings", None, Relation.REPRESENTED, _only(Action.IMPORT), _PROXY,
        "A personal representative may bring the patient's scans, within the scope of the authority.",
        "45 CFR 164.502(g)(1)"),
    Rule("shared", None, Relation.SHARED, READ, RELEASE,
        "The patient shared exactly this, and the time is not over.", "45 CFR 164.524(c)(3)(ii)"),

    # --- Clinicians
    Rule("clinician-assigned", CLINICIANS, Relation.ASSIGNED, READ, _CARE,
        "A clinician who treats the patient may see the record.", "45 CFR 164.506(c)(1)"),
    Rule("clinician-sends", CLINICIANS, Relation.ASSIGNED,
        _only(Action.CREATE_REQUEST, Action.CREATE_SHARE, Action.REVOKE_SHARE), _CARE,
        "A clinician who treats the patient may send the record on for treatment.", "45 CFR 164.506(c)(2)"),
    Rule("clinician-harm", frozenset({Role.TREATING_CLINICIAN}), Relation.ASSIGNED,
        _only(Action.PROPOSE_DENIAL, Action.REFUSE_REPRESENTATIVE), _CARE | _DESK,
        "A licensed professional who treats the patient may say that access would endanger somebody.",
        "45 CFR 164.524(a)(3)"),
    Rule("clinician-refers", frozenset({Role.TREATING_CLINICIAN}), Relation.ASSIGNED, _only(Action.MANAGE_CARE),
        _CARE | _DESK, "The clinician who treats the patient may bring in a colleague, for a time.",
        "45 CFR 164.506(c)(2)"),
    Rule("clinician-comments", frozenset({Role.TREATING_CLINICIAN}), Relation.ASSIGNED,
        _only(Action.COMMENT_RIGHTS), _CARE | _DESK,
        "The clinician who treats the patient may comment on an amendment.", "45 CFR 164.526(d)(3)"),
    Rule("clinician-finds", CLINICIANS, Relation.HOUSE, _only(Action.FIND_PATIENT), _CARE,
        "A clinician may find out whether somebody is a patient here, and no more.", "45 CFR 164.514(d)(2)",
        Projection.NOTHING),
    Rule("break-glass", CLINICIANS | {Role.PRIVACY_OFFICER}, Relation.OTHER, _only(Action.BREAK_GLASS),
        frozenset({PurposeOfUse.BREAK_GLASS}),
        "In an emergency the record opens at once after a reason is given; a second person reviews it.",
        "45 CFR 164.312(a)(2)(ii)"),
    Rule("emergency", CLINICIANS | {Role.PRIVACY_OFFICER}, Relation.EMERGENCY,
        READ - {Action.DOWNLOAD} | {Action.BREAK_GLASS}, frozenset({PurposeOfUse.BREAK_GLASS}),
        "The glass is broken for this patient, and the time is not over.", "45 CFR 164.312(a)(2)(ii)"),

    # --- Front desk and medical records
    Rule("desk-finds", _RECORDS_AND_PRIVACY | {Role.FRONT_DESK}, Relation.HOUSE, _only(Action.FIND_PATIENT),
        _DESK | _OVERSIGHT, "The desk finds the patient whom somebody asks about.", "45 CFR 164.514(d)(2)",
        Projection.EXAM),
    Rule("desk-requests", _RECORDS_AND_PRIVACY | {Role.FRONT_DESK}, Relation.OTHER,
        _only(Action.CREATE_REQUEST, Action.VERIFY_IDENTITY, Action.RECORD_AUTHORIZATION, Action.SEE_FEES), RELEASE,
        "The desk takes requests and checks who asks.", "45 CFR 164.514(h)"),
    Rule("desk-requests-unknown", _RECORDS_AND_PRIVACY | {Role.FRONT_DESK}, Relation.HOUSE,
        _only(Action.CREATE_REQUEST, Action.VERIFY_IDENTITY, Action.RECORD_AUTHORIZATION), _DESK | _OVERSIGHT,
        "The desk takes a request before it is known whose record it is about.", "45 CFR 164.524(b)(1)",
        Projection.NOTHING),
    Rule("records-intake", _RECORDS, Relation.OTHER,
        _only(Action.VIEW_STUDY, Action.IMPORT, Action.RESOLVE_CONFLICT, Action.LINK_PATIENT,
            Action.MANAGE_REPRESENTATIVE, Action.LABEL_STUDY, Action.MANAGE_CARE, Action.CHANGE_PATIENT), _DESK,
        "Records staff bring records in and attach them to the right patient.", "45 CFR 164.506(c)(1)",
        Projection.EXAM),
    Rule("records-unknown", _RECORDS, Relation.HOUSE, _only(Action.IMPORT, Action.RESOLVE_CONFLICT), _DESK,
        "Records staff take in what is not attached to any patient yet.", "45 CFR 164.506(c)(1)", Projection.EXAM),
    Rule("records-request", _RECORDS, Relation.REQUEST, _only(Action.VIEW_REPORT, Action.DOWNLOAD), RELEASE,
        "Records staff prepare and check what a request asks for.", "45 CFR 164.524(c)"),
    Rule("records-clerk-approves", frozenset({Role.HIM_CLERK}), Relation.REQUEST,
        _only(Action.APPROVE_RELEASE, Action.CREATE_SHARE, Action.REVOKE_SHARE), RELEASE,
        "A records clerk approves the requests that are hers.", "45 CFR 164.524(b)(2)"),
    Rule("records-lead", frozenset({Role.HIM_LEAD}), Relation.OTHER,
        _only(Action.APPROVE_RELEASE, Action.DENY, Action.CREATE_SHARE, Action.REVOKE_SHARE,
            Action.SIGN_AUTHORIZATION, Action.REVOKE_AUTHORIZATION), RELEASE,
        "The records lead decides about releases.", "45 CFR 164.524(b)(2)"),
    Rule("records-log", frozenset({Role.HIM_LEAD}), Relation.OTHER, _only(Action.VIEW_ACCESS_LOG), _DESK,
        "The records lead may see who has looked, to answer a patient.", "45 CFR 164.528(a)", Projection.NOTHING),
    Rule("records-check", _RECORDS_AND_PRIVACY, Relation.OTHER, _only(Action.QUALITY_CHECK), RELEASE,
        "A second person checks a package before it leaves.", "45 CFR 164.530(c)(1)"),
    Rule("records-answers", _RECORDS_AND_PRIVACY, Relation.OTHER, _only(Action.ANSWER_RIGHTS), _DESK | _OVERSIGHT,
        "Records staff answer who asks for a correction, a limit or a list.", "45 CFR 164.526(b)(1)"),
    Rule("records-answers-unknown", _RECORDS_AND_PRIVACY, Relation.HOUSE, _only(Action.ANSWER_RIGHTS),
        _DESK | _OVERSIGHT, "Records staff answer in time, also while it is not known whose record it is about.",
        "45 CFR 164.524(b)(2)(ii)", Projection.NOTHING),
    Rule("records-quote", _RECORDS_AND_PRIVACY, Relation.OTHER, _only(Action.QUOTE_FEES), RELEASE,
        "Records staff say beforehand what a copy costs.", "45 CFR 164.524(c)(4)"),
    Rule("fee-schedule", frozenset({Role.HIM_LEAD, Role.PRIVACY_OFFICER}), Relation.HOUSE, _only(Action.SET_FEES),
        _DESK | _OVERSIGHT, "The records lead keeps the fee schedule.", "45 CFR 164.524(c)(4)"),

    # --- Billing and operations: minimum necessary
    Rule("billing-summary", frozenset({Role.BILLING}), Relation.OTHER, _only(Action.VIEW_STUDY),
        frozenset({PurposeOfUse.PAYMENT}),
        "Billing sees that a CT happened, its date and its code, and nothing else.", "45 CFR 164.502(b)",
        Projection.BILLING),
    Rule("billing-finds", frozenset({Role.BILLING}), Relation.HOUSE, _only(Action.FIND_PATIENT),
        frozenset({PurposeOfUse.PAYMENT}),
        "Billing finds the patient whose care is paid for.", "45 CFR 164.502(b)", Projection.BILLING),
    Rule("billing-fees", frozenset({Role.BILLING}), Relation.OTHER, _only(Action.SEE_FEES, Action.QUOTE_FEES),
        frozenset({PurposeOfUse.PAYMENT}),
        "Billing sees quotes and amounts, without anything clinical.", "45 CFR 164.502(b)", Projection.NOTHING),
    Rule("operations", frozenset({Role.HIM_LEAD, Role.PRIVACY_OFFICER}), Relation.OTHER, _only(Action.VIEW_STUDY),
        frozenset({PurposeOfUse.QUALITY}),
        "Quality work sees which exams were made, without names, images and reports.", "45 CFR 164.502(b)",
        Projection.OPERATIONS),

    # --- Research
    Rule("research-asks", frozenset({Role.RESEARCHER}), Relation.HOUSE,
        _only(Action.CREATE_RESEARCH_REQUEST, Action.MANAGE_DATA_USE), frozenset({PurposeOfUse.RESEARCH}),
        "A researcher may ask for data, and keeps the agreements about it.", "45 CFR 164.514(e)"),
    Rule("research-export", frozenset({Role.RESEARCHER}), Relation.REQUEST, _only(Action.EXPORT_RESEARCH),
        frozenset({PurposeOfUse.RESEARCH}),
        "A researcher may take what an approved export holds, de-identified.", "45 CFR 164.514(a)",
        Projection.NOTHING),

    # --- The privacy and the security officer
    Rule("privacy-report", frozenset({Role.PRIVACY_OFFICER}), Relation.OTHER, _only(Action.VIEW_REPORT),
        frozenset({PurposeOfUse.COMPLIANCE}),
        "The privacy officer may read a report where a complaint or an incident asks for it.",
        "45 CFR 164.530(d)(1)"),
    Rule("privacy-decides", frozenset({Role.PRIVACY_OFFICER}), Relation.OTHER,
        _only(Action.APPROVE_RELEASE, Action.REVIEW_DENIAL, Action.SIGN_AUTHORIZATION, Action.REVOKE_AUTHORIZATION),
        RELEASE, "The privacy officer decides what others may not decide alone.", "45 CFR 164.530(a)(1)"),
    Rule("privacy-protects", frozenset({Role.PRIVACY_OFFICER}), Relation.OTHER,
        _only(Action.REFUSE_REPRESENTATIVE, Action.MANAGE_REPRESENTATIVE, Action.LABEL_STUDY, Action.MANAGE_CARE,
            Action.CHANGE_PATIENT, Action.WATCH_PATIENT), _DESK | _OVERSIGHT,
        "The privacy officer says who may act for a patient or treat her, and what needs more care.",
        "45 CFR 164.530(a)(1)"),
    Rule("privacy-suspends", frozenset({Role.PRIVACY_OFFICER}), Relation.OTHER, _only(Action.SUSPEND_ACCOUNTING),
        _DESK | _OVERSIGHT, "The privacy officer leaves disclosures off a list while an official asks for it.",
        "45 CFR 164.528(a)(2)", Projection.NOTHING),
    Rule("officer-revokes", OFFICERS, Relation.OTHER, _only(Action.REVOKE_SHARE), _OVERSIGHT,
        "An officer may end any share at once.", "45 CFR 164.308(a)(6)(ii)"),
    Rule("privacy-log", OFFICERS, Relation.OTHER, _only(Action.VIEW_ACCESS_LOG, Action.VERIFY_LEDGER), _OVERSIGHT,
        "The officers may read who saw what.", "45 CFR 164.308(a)(1)(ii)(D)", Projection.NOTHING),
    Rule("privacy-review", frozenset({Role.PRIVACY_OFFICER}), Relation.OTHER, _only(Action.REVIEW_GLASS), _OVERSIGHT,
        "The privacy officer reviews each emergency access that another person made.", "45 CFR 164.308(a)(1)(ii)(D)",
        Projection.NOTHING),
    Rule("officer-explains", OFFICERS, Relation.OTHER, _only(Action.EXPLAIN_ACCESS), _OVERSIGHT,
        "The officers may ask why somebody may see a record.", "45 CFR 164.308(a)(4)", Projection.NOTHING),
    Rule("officer-house", OFFICERS, Relation.HOUSE,
        _only(Action.READ_LEDGER, Action.VERIFY_LEDGER, Action.EXPLAIN_ACCESS, Action.MANAGE_INCIDENTS), _OVERSIGHT,
        "The officers watch over the ledger and handle incidents.", "45 CFR 164.308(a)(6)"),
    Rule("privacy-house", frozenset({Role.PRIVACY_OFFICER}), Relation.HOUSE,
        _only(Action.REVIEW_PEOPLE, Action.MANAGE_CONTRACTS, Action.MANAGE_DATA_USE, Action.APPROVE_DISPOSAL),
        _OVERSIGHT, "The privacy officer keeps contracts and reviews who has access.", "45 CFR 164.530(a)(1)"),
    Rule("records-lead-house", frozenset({Role.HIM_LEAD}), Relation.HOUSE,
        _only(Action.PROPOSE_DISPOSAL, Action.MANAGE_CONTRACTS), _DESK | _OVERSIGHT,
        "The records lead proposes what may be destroyed.", "45 CFR 164.310(d)(2)(i)"),

    # --- People and settings: no record of any patient
    Rule("people", frozenset({Role.ADMINISTRATOR, Role.SECURITY_OFFICER}), Relation.HOUSE,
        _only(Action.MANAGE_PEOPLE, Action.MANAGE_SETTINGS, Action.VERIFY_LEDGER),
        _OVERSIGHT | {PurposeOfUse.SYSTEM},
        "Administrators keep accounts, roles and settings, and see no record of any patient.",
        "45 CFR 164.308(a)(4)(ii)(B)"),
    Rule("runs-disposal", frozenset({Role.ADMINISTRATOR}), Relation.HOUSE, _only(Action.RUN_DISPOSAL),
        _OVERSIGHT | {PurposeOfUse.SYSTEM},
        "An administrator runs a disposal that was approved.", "45 CFR 164.310(d)(2)(i)"),
)
# fmt: on

RULES_FOR: dict[Action, tuple[Rule, ...]] = {
    action: tuple(rule for rule in RULES if action in rule.actions) for action in Action
}


def doers(action: Action) -> frozenset[Role]:
    """Whose work it is to do this with records of people whom they do not treat."""
    at_work = (Relation.REQUEST, Relation.OTHER)
    return frozenset(role for rule in RULES_FOR[action] if rule.relation in at_work for role in rule.roles or ())
