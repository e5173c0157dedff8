//! Methods with any `self`.
#![deny(warnings, clippy::pedantic)]

use std::{future::ready, pin::Pin, rc::Rc, sync::Arc};

use tethered::{JoinError, serverless_handler};

#[derive(Clone)]
struct App(String, u8);

type Answer<T = usize> = Result<T, JoinError>;

impl App {
    #[serverless_handler]
    async fn shared(&self) -> Answer<&str> {
        Ok(&self.0)
    }

    #[serverless_handler]
    async fn exclusive(&mut self, last: char) -> Answer {
        self.0.push(last);
        Ok(self.0.len())
    }

    #[serverless_handler]
    async fn owned(mut self) -> Answer<String> {
        self.0.push('!');
        ready(()).await;
        Ok(self.0)
    }

    #[serverless_handler]
    async fn counted(self: Arc<Self>) -> Answer {
        Ok(self.0.len())
    }

    #[serverless_handler]
    async fn boxed(self: Box<Self>, _by: &str) -> Answer<Self> {
        Ok(*self)
    }

    #[serverless_handler]
    async fn pinned(self: Pin<&mut Self>) -> Answer<u8> {
        Ok(self.1)
    }

    #[serverless_handler]
    async fn local(self: Rc<Self>) -> Answer<u8> {
        ready(()).await;
        Ok(self.1)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), JoinError> {
    let mut app = App("app".to_owned(), 1);
    assert_eq!(
        (
            app.shared().await?,
            Box::new(app.clone()).boxed("name").await?.1
        ),
        ("app", 1)
    );
    assert_eq!(
        (
            app.exclusive('s').await?,
            Pin::new(&mut app).pinned().await?
        ),
        (4, 1)
    );
    assert_eq!(
        (
            Arc::new(app.clone()).counted().await?,
            Rc::new(app.clone()).local().await?
        ),
        (4, 1)
    );
    assert_eq!(app.owned().await?, "apps!");
    Ok(())
}
