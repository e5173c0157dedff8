//! A method on text that another trait gives it.

use tethered::no_detach;

trait Fetch {
    async fn fetch(&self) {}
    fn is_there(&self) -> impl Future<Output = bool> {
        async { true }
    }
}
impl Fetch for str {}

#[no_detach]
async fn handler() {
    "https://example.com".fetch();
    let _there = "https://example.com".is_there();
    let _page = String::from("https://example.com").as_str().fetch();
}

fn main() {}
