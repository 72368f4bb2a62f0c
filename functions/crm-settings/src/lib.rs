//! `/crm/team`, `/crm/settings`: who works at the business, and what it set of its clients, practices and renewals.

mod settings;
mod team;

use settings::{__path_get_crm_settings, __path_update_crm_settings, get_crm_settings, update_crm_settings};
use team::{
    __path_create_member, __path_delete_member, __path_get_member, __path_list_members, __path_update_member,
    create_member, delete_member, get_member, list_members, update_member,
};

api::routes!(
    create_member,
    list_members,
    get_member,
    update_member,
    delete_member,
    get_crm_settings,
    update_crm_settings
);
