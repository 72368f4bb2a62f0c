//! `/crm/practices` and `/crm/practice-types`: services that clients are being given, and what the business offers.
//!
//! Nothing follows from either by itself; no jobs go out.

mod documents;
mod practices;
mod types;

use documents::{
    __path_add_document, __path_complete_document, __path_delete_document, __path_get_document, add_document,
    complete_document, delete_document, get_document,
};
use practices::{
    __path_create_practice, __path_delete_practice, __path_get_practice, __path_list_active_practices,
    __path_list_practices, __path_list_upcoming_renewals, __path_renew_practice,
    __path_show_practice_overview, __path_update_practice, create_practice, delete_practice, get_practice,
    list_active_practices, list_practices, list_upcoming_renewals, renew_practice, show_practice_overview,
    update_practice,
};
use types::{
    __path_create_practice_type, __path_delete_practice_type, __path_get_practice_type,
    __path_list_practice_types, __path_update_practice_type, create_practice_type, delete_practice_type,
    get_practice_type, list_practice_types, update_practice_type,
};

api::routes!(
    create_practice,
    list_practices,
    list_active_practices,
    list_upcoming_renewals,
    show_practice_overview,
    get_practice,
    update_practice,
    renew_practice,
    delete_practice,
    add_document,
    get_document,
    complete_document,
    delete_document,
    create_practice_type,
    list_practice_types,
    get_practice_type,
    update_practice_type,
    delete_practice_type
);
