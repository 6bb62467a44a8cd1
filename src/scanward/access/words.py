"""What people read instead of the names of actions, relations and kinds of care."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.access.kinds import Action, Relation
from scanward.law.representatives import Care

# Each one goes on after "wants to", and stands alone in a list.
ACTION_NAMES: dict[Action, str | Promise] = {
    Action.FIND_PATIENT: _("find a patient"),
    Action.VIEW_STUDY: _("see that there is a scan, and when it was made"),
    Action.VIEW_IMAGES: _("look at the images"),
    Action.VIEW_REPORT: _("read the report"),
    Action.DOWNLOAD: _("download a copy"),
    Action.BREAK_GLASS: _("open a record in an emergency"),
    Action.REVIEW_GLASS: _("review an emergency access"),
    Action.CREATE_REQUEST: _("enter a request for records"),
    Action.CREATE_RESEARCH_REQUEST: _("ask for data for research"),
    Action.VERIFY_IDENTITY: _("check who somebody is"),
    Action.APPROVE_RELEASE: _("approve a release"),
    Action.QUALITY_CHECK: _("check a package that another person built"),
    Action.PROPOSE_DENIAL: _("say that giving access would endanger somebody"),
    Action.DENY: _("deny a request"),
    Action.REVIEW_DENIAL: _("review a denial"),
    Action.CREATE_SHARE: _("make a link for somebody else"),
    Action.REVOKE_SHARE: _("end a link"),
    Action.SIGN_AUTHORIZATION: _("sign an authorization"),
    Action.RECORD_AUTHORIZATION: _("write down an authorization that came on paper"),
    Action.REVOKE_AUTHORIZATION: _("take an authorization back"),
    Action.SEE_FEES: _("see what a copy costs"),
    Action.QUOTE_FEES: _("say what a copy will cost"),
    Action.SET_FEES: _("set the fees"),
    Action.EXPORT_RESEARCH: _("take data for research"),
    Action.ASK_RIGHTS: _("ask for a correction, a limit or a list of disclosures"),
    Action.COMMENT_RIGHTS: _("comment on a correction"),
    Action.ANSWER_RIGHTS: _("answer what a patient asks, or say that it takes longer"),
    Action.SUSPEND_ACCOUNTING: _("leave disclosures off a patient's list, as an official asks"),
    Action.IMPORT: _("bring in scans"),
    Action.RESOLVE_CONFLICT: _("decide whose scan it is"),
    Action.LINK_PATIENT: _("connect an account with a patient"),
    Action.MANAGE_REPRESENTATIVE: _("write down who may act for a patient"),
    Action.REFUSE_REPRESENTATIVE: _("refuse a representative"),
    Action.LABEL_STUDY: _("mark a scan as sensitive"),
    Action.MANAGE_CARE: _("write down who treats a patient"),
    Action.CHANGE_PATIENT: _("write down that a patient has died or is of age"),
    Action.WATCH_PATIENT: _("put a record under special watch"),
    Action.VIEW_ACCESS_LOG: _("see who has looked at a record"),
    Action.READ_LEDGER: _("search the ledger"),
    Action.VERIFY_LEDGER: _("check that the ledger was not changed"),
    Action.EXPLAIN_ACCESS: _("ask why somebody may see a record"),
    Action.MANAGE_CONTRACTS: _("keep contracts"),
    Action.MANAGE_DATA_USE: _("keep agreements about data for research"),
    Action.MANAGE_INCIDENTS: _("handle incidents"),
    Action.PROPOSE_DISPOSAL: _("propose what is destroyed"),
    Action.APPROVE_DISPOSAL: _("approve what is destroyed"),
    Action.RUN_DISPOSAL: _("destroy what was approved"),
    Action.MANAGE_PEOPLE: _("keep accounts and roles"),
    Action.REVIEW_PEOPLE: _("review who needs access"),
    Action.MANAGE_SETTINGS: _("change settings"),
}
RELATION_NAMES: dict[Relation, str | Promise] = {
    Relation.OWN: _("It is their own record."),
    Relation.REPRESENTED: _("They act for the patient."),
    Relation.SHARED: _("The patient shared it with them."),
    Relation.ASSIGNED: _("They treat the patient."),
    Relation.EMERGENCY: _("They opened the record in an emergency."),
    Relation.REQUEST: _("They work on a request for it."),
    Relation.OTHER: _("They have nothing to do with the patient."),
    Relation.HOUSE: _("It is about no patient's record."),
}
CARE_NAMES: dict[Care, str | Promise] = {
    Care.GENERAL: _("Any care"),
    Care.GENERAL_LIVING_APART: _("Any care of somebody who lives apart and manages their own money"),
    Care.INFECTION: _("An infection that must be reported"),
    Care.PREGNANCY: _("Pregnancy"),
    Care.MENTAL_HEALTH: _("Mental health"),
    Care.SUBSTANCE_USE: _("Alcohol or drugs"),
}
