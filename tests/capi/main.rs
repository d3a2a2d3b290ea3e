//! The C interface as its users meet it: the header through C and C++ compilers, and the built
//! library behind programs in C.

mod abi;
mod examples;
mod header;
mod layout;
mod limits;
mod misuse;
mod packaging;
mod reliability;
mod speaking;
mod tools;
