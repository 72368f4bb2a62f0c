//! Requests to the table, sent.
//!
//! Each future is made and boxed here, so that the SDK's machinery behind it is compiled once, in this crate.
//! Awaited as it is, it would be compiled anew into every function, which takes most of the time of a release build.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::{
    batch_get_item, delete_item, get_item, query, transact_write_items, update_item,
};
use futures::future::BoxFuture;

macro_rules! requests {
    ($($send:ident: $operation:ident :: $builder:ident -> $output:ident, $error:ident;)*) => {
        $(
            /// Sends it once.
            pub(crate) fn $send(
                request: $operation::builders::$builder,
            ) -> BoxFuture<'static, Result<$operation::$output, SdkError<$operation::$error>>> {
                Box::pin(request.send())
            }
        )*
    };
}

requests! {
    batch_get: batch_get_item::BatchGetItemFluentBuilder -> BatchGetItemOutput, BatchGetItemError;
    delete: delete_item::DeleteItemFluentBuilder -> DeleteItemOutput, DeleteItemError;
    get: get_item::GetItemFluentBuilder -> GetItemOutput, GetItemError;
    query: query::QueryFluentBuilder -> QueryOutput, QueryError;
    transact: transact_write_items::TransactWriteItemsFluentBuilder -> TransactWriteItemsOutput, TransactWriteItemsError;
    update: update_item::UpdateItemFluentBuilder -> UpdateItemOutput, UpdateItemError;
}
