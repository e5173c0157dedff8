//! The handlers with `executor = in_task`.

use tethered::{
    __private::{Handler, Site, fail, run},
    JoinError, spawn_tracked,
};

use crate::work::Work;

/// `join = join_all`.
pub(crate) async fn join_all<W: Work>(tasks: usize) -> Result<(), JoinError> {
    let handler = Handler::new(fail(), const { &Site::new("in_task") })
        .in_task()
        .join_all();
    run(handler, async move {
        for _ in 0..tasks {
            spawn_tracked!(W::future());
        }
        Ok(())
    })
    .await
}

/// `join = try_join_all`.
pub(crate) async fn try_join_all<W: Work>(tasks: usize) -> Result<(), JoinError> {
    let handler = Handler::new(fail(), const { &Site::new("in_task") }).in_task();
    run(handler, async move {
        for _ in 0..tasks {
            spawn_tracked!(W::future());
        }
        Ok(())
    })
    .await
}
