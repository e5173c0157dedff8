//! Snapshots: of what the attribute makes of a function, and of what it says instead.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes the strings"
)]

use expect_test::{Expect, expect};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{File, Item, LitStr};

use crate::attribute::serverless_handler;

fn expands(args: TokenStream, item: TokenStream, expected: &Expect) {
    let expanded = syn::parse2::<File>(serverless_handler(args, item)).expect("an item");
    expected.assert_eq(&prettyplease::unparse(&expanded));
}

/// The messages, one a line; the item itself must come back as it was.
fn messages(args: TokenStream, item: TokenStream) -> String {
    let original = item.to_string();
    let expanded = serverless_handler(args, item).to_string();
    let errors = expanded.strip_prefix(&original).expect("the item first");
    let errors = syn::parse_str::<File>(errors).expect("then errors");
    let lines = errors.items.iter().map(|item| match item {
        Item::Macro(error) => error.mac.parse_body::<LitStr>().expect("a message").value() + "\n",
        _ => panic!("an item that was not there"),
    });
    lines.collect()
}

#[test]
fn a_function() {
    expands(
        quote!(),
        quote! {
            /// Docs.
            #[must_use]
            pub(crate) async fn handler<T: Copy>(a: T, mut b: Vec<T>, _c: u8) -> Result<T, Error>
            where
                T: Send,
            {
                #![allow(dead_code)]
                b.push(a);
                Ok(a)
            }
        },
        &expect![[r#"
            /// Docs.
            #[must_use]
            pub(crate) async fn handler<T: Copy>(a: T, b: Vec<T>, _c: u8) -> Result<T, Error>
            where
                T: Send,
            {
                #![allow(dead_code)]
                use ::tethered::__private as __tethered;
                let __handler = __tethered::Handler::new(
                    __tethered::fail::<Result<T, Error>>(),
                    const { &__tethered::Site::new("handler") },
                );
                __tethered::run(
                        __handler,
                        async move {
                            if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                                Result<T, Error>,
                            > {
                                return __output;
                            }
                            let (a,) = (a,);
                            let (mut b,) = (b,);
                            let (_c,) = (_c,);
                            match () {
                                () => {
                                    b.push(a);
                                    Ok(a)
                                }
                            }
                        },
                    )
                    .await
            }
        "#]],
    );
}

#[test]
fn every_option() {
    expands(
        quote!(
            on_drop = abort,
            join = join_all,
            timeout = "1m 250ms",
            on_error = log,
            max_concurrent = limit + 1,
            executor = in_task,
            host = a as Context,
            crate = crate::reexported
        ),
        quote!(
            async fn handler(limit: usize, a: u8) {}
        ),
        &expect![[r#"
            async fn handler(limit: usize, a: u8) {
                use crate::reexported::__private as __tethered;
                let __handler = __tethered::Handler::new(
                        __tethered::log::<()>(),
                        const { &__tethered::Site::new("handler") },
                    )
                    .join_all()
                    .timeout(__tethered::Duration::new(60, 250000000))
                    .abort_on_drop()
                    .in_task()
                    .max_concurrent(limit + 1)
                    .host(&(a as Context));
                __tethered::run(
                        __handler,
                        async move {
                            if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                                (),
                            > {
                                return __output;
                            }
                            let (limit,) = (limit,);
                            let (a,) = (a,);
                            let _ = &limit;
                            let _ = &a;
                            match () {
                                () => {}
                            }
                        },
                    )
                    .await
            }
        "#]],
    );
    expands(
        quote!(
            on_drop = finish,
            join = try_join_all,
            timeout = Duration::MAX,
            on_error = fail,
            executor = spawn,
        ),
        quote!(
            async fn handler() {}
        ),
        &expect![[r#"
            async fn handler() {
                use ::tethered::__private as __tethered;
                let __handler = __tethered::Handler::new(
                        __tethered::fail::<()>(),
                        const { &__tethered::Site::new("handler") },
                    )
                    .timeout(Duration::MAX);
                __tethered::run(
                        __handler,
                        async move {
                            if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                                (),
                            > {
                                return __output;
                            }
                            match () {
                                () => {}
                            }
                        },
                    )
                    .await
            }
        "#]],
    );
}

#[test]
fn patterns() {
    expands(
        quote!(host = context.clone(), timeout = *limit),
        quote! {
            async fn handler(
                Event { payload, mut context }: Event,
                #[cfg(feature = "limit")]
                #[allow(unused_mut)]
                (ref mut limit, &other): (Duration, &u8),
                _: Guard,
            ) -> Result<(), Error> {
            }
        },
        &expect![[r#"
            async fn handler(
                __arg0: Event,
                #[cfg(feature = "limit")]
                __arg1: (Duration, &u8),
                __arg2: Guard,
            ) -> Result<(), Error> {
                use ::tethered::__private as __tethered;
                let Event { payload: _, context } = &__arg0;
                #[cfg(feature = "limit")]
                let (limit, _) = &__arg1;
                let __handler = __tethered::Handler::new(
                        __tethered::fail::<Result<(), Error>>(),
                        const { &__tethered::Site::new("handler") },
                    )
                    .timeout(*limit)
                    .host(&context.clone());
                __tethered::run(
                        __handler,
                        async move {
                            if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                                Result<(), Error>,
                            > {
                                return __output;
                            }
                            let __arg0 = __arg0;
                            let Event { payload, mut context } = __arg0;
                            #[cfg(feature = "limit")]
                            let __arg1 = __arg1;
                            #[cfg(feature = "limit")]
                            #[allow(unused_mut)]
                            let (ref mut limit, &other) = __arg1;
                            let __arg2 = __arg2;
                            let _ = __arg2;
                            let _ = &context;
                            let _ = &limit;
                            match () {
                                () => {}
                            }
                        },
                    )
                    .await
            }
        "#]],
    );
}

#[test]
fn methods_and_types_without_names() {
    expands(
        quote!(),
        quote!(
            async fn handler(mut self: Box<Self>) -> Result<impl Display, Vec<impl Error>> {}
        ),
        &expect![[r#"
            async fn handler(mut self: Box<Self>) -> Result<impl Display, Vec<impl Error>> {
                use ::tethered::__private as __tethered;
                let __handler = __tethered::Handler::new(
                    __tethered::fail::<Result<_, Vec<_>>>(),
                    const { &__tethered::Site::new("handler") },
                );
                __tethered::run(
                        __handler,
                        async move {
                            if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                                Result<_, Vec<_>>,
                            > {
                                return __output;
                            }
                            let _ = &self;
                            match () {
                                () => {}
                            }
                        },
                    )
                    .await
            }
        "#]],
    );
    expands(
        quote!(on_error = log),
        quote!(
            async unsafe fn handler(&self) -> ! {}
        ),
        &expect![[r#"
            async unsafe fn handler(&self) -> ! {
                use ::tethered::__private as __tethered;
                let __handler = __tethered::Handler::new(
                    __tethered::log::<_>(),
                    const { &__tethered::Site::new("handler") },
                );
                __tethered::run(
                        __handler,
                        async move {
                            let _ = &self;
                            match () {
                                () => {}
                            }
                        },
                    )
                    .await
            }
        "#]],
    );
}

#[test]
fn after_async_trait() {
    expands(
        quote!(host = context),
        quote! {
            fn handler<'life0, 'async_trait>(
                &'life0 self,
                __arg1: (u8, Context),
            ) -> ::core::pin::Pin<
                Box<dyn ::core::future::Future<Output = Result<u8, Error>> + ::core::marker::Send + 'async_trait>,
            >
            where
                'life0: 'async_trait,
            {
                Box::pin(async move {
                    let __self = self;
                    let (size, context) = {
                        let __arg1 = __arg1;
                        __arg1
                    };
                    let __ret: Result<u8, Error> = { Ok(size) };
                    __ret
                })
            }
        },
        &expect![[r#"
            fn handler<'life0, 'async_trait>(
                &'life0 self,
                __arg1: (u8, Context),
            ) -> ::core::pin::Pin<
                Box<
                    dyn ::core::future::Future<
                        Output = Result<u8, Error>,
                    > + ::core::marker::Send + 'async_trait,
                >,
            >
            where
                'life0: 'async_trait,
            {
                Box::pin(async move {
                    use ::tethered::__private as __tethered;
                    let (_, context) = &__arg1;
                    let __handler = __tethered::Handler::new(
                            __tethered::fail::<Result<u8, Error>>(),
                            const { &__tethered::Site::new("handler") },
                        )
                        .host(&context);
                    __tethered::run(
                            __handler,
                            async move {
                                if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                                    Result<u8, Error>,
                                > {
                                    return __output;
                                }
                                match () {
                                    () => {
                                        let __self = self;
                                        let (size, context) = {
                                            let __arg1 = __arg1;
                                            __arg1
                                        };
                                        let __ret: Result<u8, Error> = { Ok(size) };
                                        __ret
                                    }
                                }
                            },
                        )
                        .await
                })
            }
        "#]],
    );
}

#[test]
fn after_tokio() {
    expands(
        quote!(),
        quote! {
            #[::core::prelude::v1::test]
            fn handler() -> Result<(), Error> {
                let body = async { Ok(()) };
                tokio::pin!(body);
                {
                    return tokio::runtime::Builder::new_current_thread().build().expect("").block_on(body);
                }
            }
        },
        &expect![[r##"
            #[::core::prelude::v1::test]
            fn handler() -> Result<(), Error> {
                let body = async {
                    use ::tethered::__private as __tethered;
                    let __handler = __tethered::Handler::new(
                        __tethered::fail::<Result<(), Error>>(),
                        const { &__tethered::Site::new("handler") },
                    );
                    __tethered::run(
                            __handler,
                            async move {
                                if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<
                                    Result<(), Error>,
                                > {
                                    return __output;
                                }
                                match () {
                                    () => Ok(()),
                                }
                            },
                        )
                        .await
                };
                tokio::pin!(body);
                {
                    return tokio::runtime::Builder::new_current_thread()
                        .build()
                        .expect("")
                        .block_on(body);
                }
            }
        "##]],
    );
}

#[test]
fn mistakes_in_options() {
    let all: String = [
        quote!(timout = "5s", colour = red::<u8, u8>(1), join = all, join = join_all, timeout = 5, host),
        quote!(timeout = "5 parsecs", max_concurrent = 0, on_error = "log", crate = "tethered", on_drop =),
        quote!(timeout = "0s", max_concurrent = "8", 5, host = a b, on_drop = { fini }),
        quote!(timeout = "1s", timeout = "0ms"),
        quote!(executor = inline, executor, executer = in_task),
        quote!(on_drop = finish, executor = in_task, executor = in_task),
    ]
    .map(|args| messages(args, quote!(async fn handler() {})) + "\n")
    .concat();
    expect![[r#"
        there is no option `timout`, but `join`, `timeout`, `host`, `on_error`, `on_drop`, `max_concurrent`, `executor`, `crate`: write `timeout = "5s"`
        there is no option `colour`: write one of `join`, `timeout`, `host`, `on_error`, `on_drop`, `max_concurrent`, `executor`, `crate`
        this takes one of two words: write `try_join_all` or `join_all`
        `join` is given twice: write it once
        a duration has a unit: write `timeout = "5s"` or `timeout = Duration::from_secs(5)`
        `host` takes a value: write `host = event.context`

        this is no duration: write `timeout = "5s"` or `timeout = "250ms"`
        no task could ever run: write `max_concurrent = 1`, or leave it out
        this takes one of two words: write `fail` or `log`
        this takes a path without quotes: write `crate = ::tethered`
        `on_drop` takes a value: write `on_drop = abort`

        nothing can run in a timeout of zero: write `timeout = "5s"`, or leave it out
        this takes a number of tasks: write `max_concurrent = 8`
        an option has a name: write `timeout = "5s"`
        an option ends here: write `,` before the next one
        this takes one of two words: write `finish` or `abort`

        `timeout` is given twice: write it once
        nothing can run in a timeout of zero: write `timeout = "5s"`, or leave it out

        this takes one of two words: write `spawn` or `in_task`
        `executor` takes a value: write `executor = in_task`
        there is no option `executer`, but `join`, `timeout`, `host`, `on_error`, `on_drop`, `max_concurrent`, `executor`, `crate`: write `executor = in_task`

        `executor` is given twice: write it once
        with `executor = in_task` nobody polls the tasks of a dropped handler: write `on_drop = abort`, or leave it out

    "#]].assert_eq(&all);
}

#[test]
fn mistakes_about_the_item() {
    let all: String = [
        quote!(
            fn handler() {}
        ),
        quote!(
            const fn handler() {}
        ),
        quote!(
            extern "C" fn handler() {}
        ),
        quote!(
            async fn handler(&self);
        ),
        quote!(
            pub struct Handler;
        ),
        quote!(impl Handler {}),
        quote!(
            const HANDLER: u8 = 1;
        ),
        quote!(async move {}),
        quote!(let handler = 1;),
        quote!(
            fn handler() -> Pin<Box<dyn Future<Output = u8>>> {
                Box::new(async {})
            }
        ),
        quote!(
            fn handler() {
                let body = async {};
                spawn(body)
            }
        ),
        quote!(),
    ]
    .map(|item| messages(quote!(), item))
    .concat();
    expect![[r#"
        a handler waits for its tasks, so it has to be async: write `async fn handler`
        a handler waits for its tasks, so it cannot be `const`: write `async fn handler`
        a handler is awaited, so it cannot be `extern`: write `async fn handler`
        a handler has a body, and this method is declared without one: write the attribute above `async fn handler` in the `impl`
        a handler is a function, not a struct: write `#[serverless_handler]` above an `async fn`
        a handler is a function, not an `impl`: write `#[serverless_handler]` above an `async fn`
        a handler is a function, not a constant: write `#[serverless_handler]` above an `async fn`
        a handler is a function, not an expression: write `#[serverless_handler]` above an `async fn`
        a handler is a function, not a `let`: write `#[serverless_handler]` above an `async fn`
        a handler waits for its tasks, so it has to be async: write `async fn handler`
        a handler waits for its tasks, so it has to be async: write `async fn handler`
        unexpected end of input, expected token tree
    "#]].assert_eq(&all);
}

#[test]
fn mistakes_everywhere_at_once() {
    let all = messages(
        quote!(max_concurrent = 0, retries = 3),
        quote!(
            const extern "C" fn handler() {}
        ),
    );
    expect![[r#"
        no task could ever run: write `max_concurrent = 1`, or leave it out
        there is no option `retries`: write one of `join`, `timeout`, `host`, `on_error`, `on_drop`, `max_concurrent`, `executor`, `crate`
        a handler waits for its tasks, so it cannot be `const`: write `async fn handler`
        a handler is awaited, so it cannot be `extern`: write `async fn handler`
    "#]].assert_eq(&all);
}
