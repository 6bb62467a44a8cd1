"""The decision: what no rule allows is refused, a restriction never widens, and each answer names its rule."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanward.access.actions import ENTRY
from scanward.access.decide import decide, relations
from scanward.access.explain import explain
from scanward.access.kinds import (
    HOUSE,
    SHOWS,
    Action,
    Actor,
    Context,
    Emergency,
    Grant,
    Part,
    Projection,
    RecordFacts,
    Refusal,
    Relation,
    Representing,
    Sharing,
)
from scanward.access.matrix import GRANT_LASTS, RULES, RULES_FOR
from scanward.access.purposes import usual_purpose
from scanward.access.words import ACTION_NAMES, RELATION_NAMES
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Role

# How long the making of examples takes is a matter of the machine, and not of the decision.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PATIENTS, STUDIES = [UUID(int=n) for n in (1, 2)], [UUID(int=n) for n in (11, 12)]
ALICE, STUDY = PATIENTS[0], STUDIES[0]
CHEST = RecordFacts(ALICE, STUDY)
OPEN = Emergency(ALICE, NOW, NOW + GRANT_LASTS)
ASK, TREAT = PurposeOfUse.PATIENT_REQUEST, PurposeOfUse.TREATMENT

times = st.integers(-90, 90).map(lambda minutes: NOW + timedelta(minutes=minutes))
patients, studies = st.sampled_from(PATIENTS), st.sampled_from(STUDIES)
authorities = st.builds(
    Representing,
    patients,
    times,
    times | st.none(),
    st.frozensets(studies, max_size=1),
    st.frozensets(studies, max_size=1),
)
shares = st.builds(
    Sharing, patients, st.frozensets(studies), st.frozensets(st.sampled_from(list(Action)), max_size=4), times, times
)
actors = st.builds(
    Actor,
    st.just("someone"),
    st.just("Someone"),
    st.booleans() | st.just(True),
    st.frozensets(st.sampled_from(list(Role)), max_size=2),
    st.frozensets(patients),
    st.lists(authorities, max_size=2).map(tuple),
    st.frozensets(patients),
    st.lists(st.builds(Emergency, patients, times, times), max_size=2).map(tuple),
    st.lists(shares, max_size=2).map(tuple),
)
actions, purposes = st.sampled_from(list(Action)), st.sampled_from(list(PurposeOfUse))
records = st.builds(RecordFacts, patients | st.none(), studies | st.none())
contexts = st.builds(
    Context,
    st.dictionaries(actions, st.just("45 CFR 164.522"), max_size=2),
    st.dictionaries(st.just("someone"), st.just("you built it."), max_size=1),
    st.frozensets(studies),
)


def ask(actor, action=Action.VIEW_IMAGES, record=CHEST, purpose=ASK, context=Context(), now=NOW):  # noqa: B008
    return decide(actor, action, record, purpose, context, now=now)


def somebody(*roles, **facts):
    return Actor("someone", "Someone", roles=frozenset(roles), **facts)


@UNHURRIED
@given(actors, actions, records, purposes, contexts)
def test_every_answer_names_its_rule_and_its_reason(actor, action, record, purpose, context):
    answer = ask(actor, action, record, purpose, context)
    known = (
        {rule.name for rule in RULES}
        if isinstance(answer, Grant)
        else {"inactive", "hold", "separation-of-duty", "no-rule"}
    )
    assert answer.rule in known
    assert answer.reason.endswith((".", ")"))


@UNHURRIED
@given(actors, actions, records, purposes, contexts)
def test_a_grant_ends_soon_and_with_what_it_rests_on(actor, action, record, purpose, context):
    answer = ask(actor, action, record, purpose, context)
    if isinstance(answer, Grant):
        assert NOW < answer.expires_at <= NOW + GRANT_LASTS
        assert not isinstance(ask(replace(actor, active=False), action, record, purpose, context), Grant)


def narrowings(actor, action, context):
    """Everything that may only take rights away."""
    yield replace(actor, active=False), context
    yield actor, replace(context, held={**context.held, action: "a statute"})
    yield actor, replace(context, barred={actor.id: "separation of duty."})
    yield replace(actor, roles=frozenset()), context
    yield replace(actor, own_patients=frozenset()), context
    yield replace(actor, assigned_patients=frozenset()), context
    yield replace(actor, representing=(), emergencies=(), shares=()), context
    yield (
        replace(
            actor, representing=tuple(replace(one, hidden_studies=frozenset(STUDIES)) for one in actor.representing)
        ),
        context,
    )
    yield actor, replace(context, requested=frozenset())


def test_nobody_makes_a_grant_by_hand():
    """K1: a yes comes from `decide`; one that is put together, or a changed copy of one, is none."""
    given = ask(somebody(own_patients=frozenset({ALICE})))
    told = {field.name: getattr(given, field.name) for field in fields(given)}
    with pytest.raises(TypeError, match=r"Only access\.decide"):
        Grant(**told, seal=object())
    with pytest.raises(ValueError, match="seal"):
        replace(given, expires_at=NOW + timedelta(days=365))


@UNHURRIED
@given(actors, actions, records, purposes, contexts)
def test_a_restriction_never_widens(actor, action, record, purpose, context):
    before = ask(actor, action, record, purpose, context)
    for narrower, around in narrowings(actor, action, context):
        after = ask(narrower, action, record, purpose, around)
        assert isinstance(before, Grant) or isinstance(after, Refusal)


@UNHURRIED
@given(actors, records, contexts)
def test_what_is_unknown_is_refused(actor, record, context):
    assert isinstance(ask(actor, "conjure", record, ASK, context), Refusal)
    assert isinstance(ask(actor, Action.VIEW_IMAGES, record, "CURIOSITY", context), Refusal)
    assert isinstance(ask(actor, Action.VIEW_IMAGES, RecordFacts(None, STUDY), ASK, context), Refusal)


@UNHURRIED
@given(actions, records, purposes)
def test_nobody_in_particular_may_do_nothing(action, record, purpose):
    assert isinstance(ask(somebody(), action, record, purpose), Refusal)


@UNHURRIED
@given(actors, actions, records, purposes, contexts)
def test_the_explanation_decides_as_the_decision_does(actor, action, record, purpose, context):
    told = explain(actor, action, record, purpose, context, now=NOW)
    assert told.decision == ask(actor, action, record, purpose, context)
    assert told.relations == tuple(relations(actor, record, context, now=NOW))
    names = {one.rule.name for one in told.tried if one.allows}
    assert not told.allowed or told.decision.rule in names
    assert all(bool(one.missing) != one.allows for one in told.tried)


@UNHURRIED
@given(actors, records)
def test_only_all_of_a_record_ever_opens_images(actor, record):
    """K5: whoever sees less than everything is not let to images or reports at all."""
    for action in (Action.VIEW_IMAGES, Action.VIEW_REPORT, Action.DOWNLOAD):
        for purpose in PurposeOfUse:
            answer = ask(actor, action, record, purpose)
            assert isinstance(answer, Refusal) or answer.projection is Projection.ALL


def test_administrators_billing_and_front_desk_see_no_images_for_any_purpose():
    """Matrix of domain.md: the roles without a "view" of images and reports."""
    for role in (Role.ADMINISTRATOR, Role.BILLING, Role.FRONT_DESK, Role.SECURITY_OFFICER, Role.RESEARCHER):
        for purpose in PurposeOfUse:
            for action in (Action.VIEW_IMAGES, Action.VIEW_REPORT, Action.DOWNLOAD):
                assert isinstance(ask(somebody(role), action, CHEST, purpose), Refusal)


def test_nothing_is_cut_from_what_goes_to_the_patient_or_her_doctor():
    """K6, trap T9: minimum necessary is for others."""
    assert ask(somebody(own_patients=frozenset({ALICE}))).projection is Projection.ALL
    dana = somebody(Role.TREATING_CLINICIAN, assigned_patients=frozenset({ALICE}))
    assert ask(dana, purpose=TREAT).projection is Projection.ALL
    assert SHOWS[Projection.ALL] == frozenset(Part)


def test_quality_work_sees_which_exams_were_made_and_of_nobody():
    """A6: of the deeds that show a scan, whatever the role and the relation: no name, image, report or copy."""
    shows = (Action.VIEW_STUDY, Action.VIEW_IMAGES, Action.VIEW_REPORT, Action.DOWNLOAD, Action.EXPORT_RESEARCH)
    relations_to_her = [{}, {"assigned_patients": frozenset({ALICE})}, {"emergencies": (OPEN,)}]
    granted = [
        answer
        for role in Role
        for facts in relations_to_her
        for action in shows
        if isinstance(answer := ask(replace(somebody(role), **facts), action, CHEST, PurposeOfUse.QUALITY), Grant)
    ]
    assert {answer.action for answer in granted} == {Action.VIEW_STUDY}
    assert {role for answer in granted for role in answer.actor.roles} == {Role.HIM_LEAD, Role.PRIVACY_OFFICER}
    assert all(SHOWS[answer.projection] == {Part.DATE, Part.CODE, Part.EXAM} for answer in granted)


# Deeds that change nothing: somebody looks, and the ledger says so.
LOOKING = frozenset({
    Action.FIND_PATIENT, Action.VIEW_STUDY, Action.VIEW_IMAGES, Action.VIEW_REPORT, Action.DOWNLOAD, Action.SEE_FEES,
    Action.VIEW_ACCESS_LOG, Action.READ_LEDGER, Action.VERIFY_LEDGER, Action.EXPLAIN_ACCESS,
})  # fmt: skip
# Work on a release, which is done for what the release is for; domain.md has a track for operations and payment.
ON_A_RELEASE = frozenset({
    Action.CREATE_REQUEST, Action.VERIFY_IDENTITY, Action.RECORD_AUTHORIZATION, Action.QUOTE_FEES, Action.DENY,
    Action.APPROVE_RELEASE, Action.REVIEW_DENIAL, Action.QUALITY_CHECK, Action.CREATE_SHARE, Action.REVOKE_SHARE,
    Action.SIGN_AUTHORIZATION, Action.REVOKE_AUTHORIZATION,
})  # fmt: skip
# The purposes for which each group of deeds is never done by the staff, whatever else somebody may do.
UNFIT = {
    Action.MANAGE_PEOPLE: {PurposeOfUse.TREATMENT, PurposeOfUse.PAYMENT, PurposeOfUse.RECORDS},
    Action.SET_FEES: {PurposeOfUse.TREATMENT, PurposeOfUse.PAYMENT, PurposeOfUse.RESEARCH},
    Action.WATCH_PATIENT: {PurposeOfUse.TREATMENT, PurposeOfUse.PATIENT_REQUEST, PurposeOfUse.LEGAL},
    Action.MANAGE_CARE: {PurposeOfUse.PAYMENT, PurposeOfUse.LEGAL, PurposeOfUse.FAMILY_REQUEST},
    Action.LABEL_STUDY: {PurposeOfUse.TREATMENT, PurposeOfUse.LEGAL, PurposeOfUse.RESEARCH},
    Action.ANSWER_RIGHTS: {PurposeOfUse.RESEARCH, PurposeOfUse.LEGAL, PurposeOfUse.PAYMENT},
}


@UNHURRIED
@given(actors, actions, records, st.sampled_from([PurposeOfUse.QUALITY, PurposeOfUse.OPERATIONS]), contexts)
def test_work_on_quality_and_operations_changes_nothing(actor, action, record, purpose, context):
    """A6, K1: whoever counts exams looks, or works on a release; nobody manages people or patients for that."""
    answer = ask(actor, action, record, purpose, context)
    assert isinstance(answer, Refusal) or action in LOOKING | ON_A_RELEASE


def test_no_rule_lets_operations_change_anything():
    """A6, K1: the same of the table itself, row by row."""
    for rule in RULES:
        if rule.purposes & {PurposeOfUse.QUALITY, PurposeOfUse.OPERATIONS}:
            assert rule.actions <= LOOKING | ON_A_RELEASE, rule.name
    assert not LOOKING & ON_A_RELEASE


@UNHURRIED
@given(actors, st.sampled_from(list(UNFIT)), records, purposes, contexts)
def test_a_deed_of_management_is_done_for_a_purpose_that_fits_it(actor, action, record, purpose, context):
    """K1: the deed and what it is for go together."""
    if purpose in UNFIT[action] | {PurposeOfUse.TRAINING, PurposeOfUse.TESTING}:
        assert isinstance(ask(actor, action, record, purpose, context), Refusal)


def test_training_and_testing_are_no_reason_to_open_a_record():
    """K1: no rule names them."""
    assert not any(rule.purposes & {PurposeOfUse.TRAINING, PurposeOfUse.TESTING} for rule in RULES)


def test_billing_is_shown_date_and_code_only():
    """A5, K5."""
    grant = ask(somebody(Role.BILLING), Action.VIEW_STUDY, purpose=PurposeOfUse.PAYMENT)
    assert grant.shows(Part.DATE)
    assert grant.shows(Part.CODE)
    assert not grant.shows(Part.IMAGES)
    assert not grant.shows(Part.REPORT)
    assert not grant.shows(Part.EXAM)


def test_a_clinician_without_relation_sees_nothing_until_the_glass_is_broken():
    """A4, K8."""
    dana = somebody(Role.TREATING_CLINICIAN)
    assert isinstance(ask(dana, purpose=TREAT), Refusal)
    assert isinstance(ask(dana, purpose=PurposeOfUse.BREAK_GLASS), Refusal)
    opened = replace(dana, emergencies=(Emergency(ALICE, NOW, NOW + timedelta(minutes=5)),))
    grant = ask(opened, purpose=PurposeOfUse.BREAK_GLASS)
    assert (grant.relation, grant.expires_at) == (Relation.EMERGENCY, NOW + timedelta(minutes=5))
    assert isinstance(ask(opened, purpose=PurposeOfUse.BREAK_GLASS, now=NOW + timedelta(minutes=5)), Refusal)
    assert isinstance(ask(opened, Action.DOWNLOAD, purpose=PurposeOfUse.BREAK_GLASS), Refusal)


def test_a_grant_of_a_representative_ends_with_the_last_authority_that_carries_it():
    """A3."""
    soon, later = NOW + timedelta(minutes=3), NOW + timedelta(minutes=7)
    both = tuple(Representing(ALICE, NOW, end) for end in (soon, later))
    assert ask(somebody(representing=both)).expires_at == later
    assert ask(somebody(representing=(*both, Representing(ALICE, NOW, None)))).expires_at == NOW + GRANT_LASTS


def test_a_scope_of_studies_says_nothing_about_the_record_as_a_whole():
    """A3, C14: neither does an authority from which a study is hidden."""
    narrow = somebody(representing=(Representing(ALICE, NOW, None, frozenset({STUDY})),))
    hidden = somebody(representing=(Representing(ALICE, NOW, None, hidden_studies=frozenset({STUDIES[1]})),))
    for ruth in (narrow, hidden):
        assert isinstance(ask(ruth), Grant)
        assert isinstance(ask(ruth, record=RecordFacts(ALICE)), Refusal)
        assert isinstance(ask(ruth, record=RecordFacts(ALICE, STUDIES[1])), Refusal)


def test_a_share_opens_what_it_names_and_no_deed_more():
    share = Sharing(ALICE, frozenset({STUDY}), frozenset({Action.VIEW_IMAGES}), NOW, NOW + timedelta(minutes=4))
    guest = somebody(shares=(share,))
    assert ask(guest, purpose=TREAT).expires_at == NOW + timedelta(minutes=4)
    assert isinstance(ask(guest, Action.DOWNLOAD, purpose=TREAT), Refusal)
    assert isinstance(ask(guest, record=RecordFacts(ALICE), purpose=TREAT), Refusal)


def test_records_staff_read_a_report_only_for_a_request():
    """Domain matrix: "S (request)"."""
    hal, around = somebody(Role.HIM_CLERK), Context(requested=frozenset({STUDY}))
    assert isinstance(ask(hal, Action.VIEW_REPORT), Refusal)
    assert ask(hal, Action.VIEW_REPORT, context=around).rule == "records-request"
    assert isinstance(ask(hal, Action.VIEW_IMAGES, context=around), Refusal)


def test_who_built_does_not_check():
    """Separation of duty."""
    hal = somebody(Role.HIM_CLERK)
    assert isinstance(ask(hal, Action.QUALITY_CHECK), Grant)
    refused = ask(hal, Action.QUALITY_CHECK, context=Context(barred={"someone": "who built it may not check it."}))
    assert refused.rule == "separation-of-duty"


@pytest.mark.parametrize(
    ("actor", "record", "purpose"),
    [
        (somebody(Role.TREATING_CLINICIAN, own_patients=frozenset({ALICE})), CHEST, ASK),
        (somebody(representing=(Representing(ALICE, NOW, None),)), CHEST, ASK),
        (somebody(Role.TREATING_CLINICIAN, assigned_patients=frozenset({ALICE})), CHEST, TREAT),
        (somebody(Role.PRIVACY_OFFICER, emergencies=(OPEN,)), CHEST, PurposeOfUse.BREAK_GLASS),
        (somebody(Role.BILLING), CHEST, PurposeOfUse.PAYMENT),
        (somebody(Role.ADMINISTRATOR), HOUSE, PurposeOfUse.SYSTEM),
        (somebody(), CHEST, ASK),
    ],
)  # fmt: skip
def test_the_purpose_goes_with_the_closest_relation(actor, record, purpose):
    assert usual_purpose(actor, record, now=NOW) is purpose


@pytest.mark.parametrize("role", [Role.PRIVACY_OFFICER, Role.SECURITY_OFFICER, Role.ADMINISTRATOR, Role.BILLING])
def test_no_scan_opens_by_itself_to_who_watches_or_counts(role):
    """K1, K5: reading a report for compliance is a purpose that somebody has to state; a page never supposes it."""
    usual = usual_purpose(somebody(role), CHEST, now=NOW)
    for action in (Action.VIEW_REPORT, Action.VIEW_IMAGES, Action.DOWNLOAD):
        assert isinstance(ask(somebody(role), action, purpose=usual), Refusal)
    stated = ask(somebody(Role.PRIVACY_OFFICER), Action.VIEW_REPORT, purpose=PurposeOfUse.COMPLIANCE)
    assert stated.rule == "privacy-report"


def test_every_action_has_a_rule_and_looking_has_an_entry():
    assert [action for action in Action if not RULES_FOR[action]] == []
    looking = {Action.FIND_PATIENT, Action.VIEW_STUDY, Action.VIEW_IMAGES, Action.VIEW_REPORT, Action.DOWNLOAD}
    assert looking <= ENTRY.keys()


def test_every_rule_has_a_name_of_its_own_and_a_citation():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.citation.startswith("45 CFR") for rule in RULES)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.HIM_CLERK, Role.HIM_LEAD, Role.PRIVACY_OFFICER])
def test_the_desk_takes_a_request_of_somebody_who_is_not_known_yet(role):
    """B20: the clock runs from when it arrived, not from when the patient was found."""
    answer = ask(somebody(role), Action.CREATE_REQUEST, HOUSE, PurposeOfUse.RECORDS)
    assert answer.rule == "desk-requests-unknown"
    assert not isinstance(ask(somebody(Role.BILLING), Action.CREATE_REQUEST, HOUSE, PurposeOfUse.RECORDS), Grant)


def test_every_action_and_relation_has_a_name_that_people_can_read():
    assert set(ACTION_NAMES) == set(Action)
    assert set(RELATION_NAMES) == set(Relation)
    assert not any("_" in str(name) for name in (*ACTION_NAMES.values(), *RELATION_NAMES.values()))
