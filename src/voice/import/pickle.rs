//! An unpickler that runs nothing.
//!
//! It knows the opcodes of protocols 2 to 5 that `torch.save` writes. Names are looked up in a
//! [whitelist](super::globals) and "calls" build nodes of a [`Graph`]; whatever else a pickle asks for is an error.
//! Work and memory are proportional to the pickle, and both are bounded.

use std::collections::HashMap;

use super::bytes::Reader;
use super::globals::lookup;
use super::graph::{Graph, Node, Value};
use super::tensor::ElementType;
use crate::voice::error::{Error, Result};

/// Opcodes in one pickle. A 12-flow training checkpoint with optimizer state needs about 150,000.
pub(super) const MAX_OPCODES: usize = 2_000_000;

/// A finished pickle.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    pub(super) graph: Graph<'a>,
    pub(super) root: Value<'a>,
    /// Bytes that it took.
    pub(super) length: usize,
    /// The root storages that it mentions: element type and number of elements by key.
    pub(super) storages: HashMap<&'a str, (ElementType, usize)>,
}

/// Reads one pickle from the start of `bytes`; what follows it is left alone.
pub(super) fn unpickle(bytes: &[u8]) -> Result<Pickle<'_>> {
    let mut machine = Machine {
        input: Reader::new(bytes),
        graph: Graph::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        storages: HashMap::new(),
        copied: 0,
    };
    for _ in 0..MAX_OPCODES {
        let at = machine.input.position();
        let opcode = machine.input.u8()?;
        if opcode == b'.' {
            return machine.finish();
        }
        machine.step(opcode).map_err(|e| match e {
            Error::Checkpoint(what) => Error::Checkpoint(format!("pickle, byte {at}: {what}")),
            other => other,
        })?;
    }
    Err(Error::Checkpoint(format!(
        "its pickle has more than {MAX_OPCODES} opcodes"
    )))
}

/// The machine between two opcodes.
pub(super) struct Machine<'a> {
    input: Reader<'a>,
    pub(super) graph: Graph<'a>,
    stack: Vec<Value<'a>>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u32, Value<'a>>,
    pub(super) storages: HashMap<&'a str, (ElementType, usize)>,
    /// Entries that were copied from one container to another: a short pickle could ask for many.
    pub(super) copied: usize,
}

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            0x80 => self.protocol()?,
            0x95 => self.input.skip(8)?, // FRAME: a hint about the buffer

            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'J' => {
                let n = self.input.u32()?.cast_signed();
                self.push(Value::Int(n.into()));
            }
            b'K' => {
                let n = self.input.u8()?;
                self.push(Value::Int(n.into()));
            }
            b'M' => {
                let n = self.input.u16()?;
                self.push(Value::Int(n.into()));
            }
            0x8a => {
                let length = self.input.u8()?;
                self.long(length.into())?;
            }
            0x8b => {
                let length = self.input.u32()?;
                self.long(length as usize)?;
            }
            b'G' => {
                self.input.skip(8)?;
                self.push(Value::Other);
            }

            0x8c => {
                let length = self.input.u8()?;
                self.text(length.into())?;
            }
            b'X' => {
                let length = self.input.u32()?;
                self.text(length as usize)?;
            }
            0x8d => {
                let length = self.input.length()?;
                self.text(length)?;
            }
            // Byte strings: texts of Python 2 if they are UTF-8.
            b'U' | b'C' => {
                let length = self.input.u8()?;
                self.byte_string(length.into())?;
            }
            b'T' | b'B' => {
                let length = self.input.u32()?;
                self.byte_string(length as usize)?;
            }
            0x8e | 0x96 => {
                let length = self.input.length()?;
                self.byte_string(length)?;
            }

            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.pop()?;
                self.push(top);
                self.push(top);
            }

            b')' | b']' | 0x8f => self.push_node(Node::Sequence(Vec::new())),
            b'}' => self.push_node(Node::Dict(Vec::new())),
            0x85..=0x87 => {
                let mut items = vec![Value::None; usize::from(opcode - 0x84)];
                for item in items.iter_mut().rev() {
                    *item = self.pop()?;
                }
                self.push_node(Node::Sequence(items));
            }
            b't' | b'l' | 0x91 => {
                let items = self.pop_mark()?;
                self.push_node(Node::Sequence(items));
            }
            b'd' => {
                let items = self.pop_mark()?;
                self.push_node(Node::Dict(pairs(&items)?));
            }
            b'a' => {
                let item = self.pop()?;
                self.append(&[item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.append(&items)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)?;
            }

            b'q' => {
                let index = self.input.u8()?;
                self.memoize(index.into())?;
            }
            b'r' => {
                let index = self.input.u32()?;
                self.memoize(index)?;
            }
            0x94 => self.memoize(self.memo.len() as u32)?,
            b'h' => {
                let index = self.input.u8()?;
                self.recall(index.into())?;
            }
            b'j' => {
                let index = self.input.u32()?;
                self.recall(index)?;
            }

            b'c' => {
                let module = utf8(self.input.line()?)?;
                let name = utf8(self.input.line()?)?;
                self.push(Value::Global(lookup(module, name)?));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) = (module, name) else {
                    return refuse("a global has no name");
                };
                self.push(Value::Global(lookup(module, name)?));
            }
            b'Q' => {
                let id = self.pop()?;
                let value = self.persistent(id)?;
                self.push(value);
            }
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                let value = self.call(callable, arguments)?;
                self.push(value);
            }
            0x92 => {
                self.pop()?; // keyword arguments
                let arguments = self.pop()?;
                let callable = self.pop()?;
                let value = self.call(callable, arguments)?;
                self.push(value);
            }
            b'b' => {
                let state = self.pop()?;
                self.build(state)?;
            }
            other => {
                return refuse(&format!(
                    "opcode {other:#04x} is not one that weights need (protocols 2 to 5)"
                ));
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Pickle<'a>> {
        let root = self.pop()?;
        Ok(Pickle {
            graph: self.graph,
            root,
            length: self.input.position(),
            storages: self.storages,
        })
    }

    fn protocol(&mut self) -> Result<()> {
        match self.input.u8()? {
            2..=5 => Ok(()),
            other => refuse(&format!("protocol {other} is not supported (2 to 5 are)")),
        }
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(value);
    }

    fn push_node(&mut self, node: Node<'a>) {
        let value = self.graph.add(node);
        self.push(value);
    }

    fn pop(&mut self) -> Result<Value<'a>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return refuse("the stack is empty");
        }
        self.stack
            .pop()
            .map_or_else(|| refuse("the stack is empty"), Ok)
    }

    fn pop_mark(&mut self) -> Result<Vec<Value<'a>>> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => refuse("there is no mark"),
        }
    }

    fn top(&self) -> Result<Value<'a>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.last() {
            Some(top) if self.stack.len() > floor => Ok(*top),
            _ => refuse("the stack is empty"),
        }
    }

    fn long(&mut self, length: usize) -> Result<()> {
        let bytes = self.input.take(length)?;
        let value = if length <= 8 {
            let sign = if bytes.last().is_some_and(|b| *b >= 0x80) {
                0xff
            } else {
                0
            };
            let mut wide = [sign; 8];
            wide[..length].copy_from_slice(bytes);
            Value::Int(i64::from_le_bytes(wide))
        } else {
            Value::Long(bytes)
        };
        self.push(value);
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<()> {
        let text = utf8(self.input.take(length)?)?;
        self.push(Value::Text(text));
        Ok(())
    }

    fn byte_string(&mut self, length: usize) -> Result<()> {
        let bytes = self.input.take(length)?;
        self.push(std::str::from_utf8(bytes).map_or(Value::Other, Value::Text));
        Ok(())
    }

    fn memoize(&mut self, index: u32) -> Result<()> {
        let top = self.top()?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Result<()> {
        match self.memo.get(&index) {
            Some(value) => {
                self.stack.push(*value);
                Ok(())
            }
            None => refuse(&format!("nothing was remembered as {index}")),
        }
    }

    fn append(&mut self, items: &[Value<'a>]) -> Result<()> {
        let Value::Node(id) = self.top()? else {
            return refuse("a list is missing");
        };
        match self.graph.node_mut(id) {
            Node::Sequence(list) => list.extend_from_slice(items),
            Node::Ignored | Node::Module(_) => {}
            _ => return refuse("something other than a list is appended to"),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[Value<'a>]) -> Result<()> {
        let mut items = pairs(items)?;
        let Value::Node(id) = self.top()? else {
            return refuse("a dict is missing");
        };
        match self.graph.node_mut(id) {
            Node::Dict(dict) => dict.append(&mut items),
            Node::Ignored | Node::Module(_) => {}
            _ => return refuse("something other than a dict is given entries"),
        }
        Ok(())
    }

    /// `BUILD`: gives an object its attributes.
    fn build(&mut self, state: Value<'a>) -> Result<()> {
        if let Value::Node(id) = self.top()?
            && let Node::Module(attributes) = self.graph.node_mut(id)
        {
            *attributes = Some(state);
        }
        Ok(())
    }
}

fn pairs<'a>(items: &[Value<'a>]) -> Result<Vec<(Value<'a>, Value<'a>)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return refuse("a dict entry lacks its value");
    }
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_or_else(|_| refuse("a text is not UTF-8"), Ok)
}

pub(super) fn refuse<T>(what: &str) -> Result<T> {
    Err(Error::Checkpoint(what.to_owned()))
}
