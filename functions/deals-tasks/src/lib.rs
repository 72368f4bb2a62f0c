//! `/deals` and `/tasks`: what leads may buy, and what people have to do about them.
//!
//! Nothing follows from either by itself; no jobs go out.

mod deals;
mod tasks;

use deals::{
    __path_create_deal, __path_delete_deal, __path_get_deal, __path_list_deals, __path_update_deal,
    create_deal, delete_deal, get_deal, list_deals, update_deal,
};
use tasks::{
    __path_create_task, __path_delete_task, __path_get_task, __path_list_tasks, __path_update_task,
    create_task, delete_task, get_task, list_tasks, update_task,
};

api::routes!(
    create_deal,
    list_deals,
    get_deal,
    update_deal,
    delete_deal,
    create_task,
    list_tasks,
    get_task,
    update_task,
    delete_task
);
