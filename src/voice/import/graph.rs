//! What a pickle describes: values that may refer to each other in any way, loops included.
//!
//! Containers live in an arena and are referred to by number, so that a hostile pickle can neither
//! make us recurse nor keep anything alive.

use super::globals::Global;
use super::tensor::{Storage, Tensor};
use crate::voice::error::{Error, Result};

/// A value; texts are slices of the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// An integer beyond 64 bits: its little-endian two's complement.
    Long(&'a [u8]),
    Text(&'a str),
    Global(Global),
    Node(NodeId),
    /// A number or a byte string that weights do not depend on.
    Other,
}

/// Number of a node in its [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct NodeId(u32);

/// A container or an object.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// Lists, tuples and sets.
    Sequence(Vec<Value<'a>>),
    Dict(Vec<(Value<'a>, Value<'a>)>),
    Tensor(Box<Tensor<'a>>),
    Storage(Box<Storage<'a>>),
    /// A module, with the attributes that it was given.
    Module(Option<Value<'a>>),
    /// An object that is not looked at.
    Ignored,
}

/// All nodes of a pickle.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    nodes: Vec<Node<'a>>,
}

impl<'a> Graph<'a> {
    /// Adds a node; the machine's limit on opcodes bounds their number.
    pub(super) fn add(&mut self, node: Node<'a>) -> Value<'a> {
        self.nodes.push(node);
        Value::Node(NodeId(self.nodes.len() as u32 - 1))
    }

    pub(super) fn node(&self, id: NodeId) -> &Node<'a> {
        &self.nodes[id.0 as usize]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node<'a> {
        &mut self.nodes[id.0 as usize]
    }

    pub(super) fn get(&self, value: Value<'a>) -> Option<&Node<'a>> {
        match value {
            Value::Node(id) => Some(self.node(id)),
            _ => None,
        }
    }

    pub(super) fn sequence(&self, value: Value<'a>) -> Option<&[Value<'a>]> {
        match self.get(value)? {
            Node::Sequence(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn dict(&self, value: Value<'a>) -> Option<&[(Value<'a>, Value<'a>)]> {
        match self.get(value)? {
            Node::Dict(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn tensor(&self, value: Value<'a>) -> Option<&Tensor<'a>> {
        match self.get(value)? {
            Node::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The entry of a dict under a text key; the last one counts, as in Python.
    pub(super) fn entry(&self, dict: Value<'a>, key: &str) -> Option<Value<'a>> {
        let items = self.dict(dict)?;
        let found = items
            .iter()
            .rev()
            .find(|(k, _)| matches!(k, Value::Text(text) if *text == key));
        found.map(|(_, value)| *value)
    }

    /// A list of sizes, such as a tensor's shape.
    pub(super) fn sizes(&self, value: Value<'a>) -> Result<Vec<usize>> {
        self.sequence(value)
            .filter(|items| items.len() <= 8)
            .and_then(|items| items.iter().map(|item| item.size()).collect())
            .ok_or_else(|| Error::Checkpoint("a tensor's shape is not a list of sizes".into()))
    }
}

impl Value<'_> {
    /// A non-negative integer.
    pub(super) fn size(self) -> Option<usize> {
        match self {
            Self::Int(n) => usize::try_from(n).ok(),
            _ => None,
        }
    }
}
