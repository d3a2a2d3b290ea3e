//! What the whitelisted names make when a pickle "calls" them: nodes that describe tensors, dicts and modules.

use super::globals::Global;
use super::graph::{Node, Value};
use super::pickle::{MAX_OPCODES, Machine, refuse};
use super::tensor::{Storage, Tensor};
use crate::voice::error::Result;

impl<'a> Machine<'a> {
    /// `REDUCE` and `NEWOBJ`: what a whitelisted callable makes of its arguments.
    pub(super) fn call(&mut self, callable: Value<'a>, arguments: Value<'a>) -> Result<Value<'a>> {
        let Value::Global(global) = callable else {
            return refuse("something that is not a global is called");
        };
        let Some(items) = self.graph.sequence(arguments) else {
            return refuse("a call has no arguments");
        };
        let first = items.first().copied();
        let node = match global {
            Global::RebuildFromType => {
                let (Some(Value::Global(inner)), Some(inner_arguments)) = (first, items.get(2))
                else {
                    return refuse("a tensor of a special type has no constructor");
                };
                // One level only: what it wraps must be a plain tensor.
                return match (inner, self.graph.sequence(*inner_arguments)) {
                    (Global::RebuildTensor, Some(items)) => {
                        let tensor = self.rebuild_tensor(items)?;
                        Ok(self.graph.add(Node::Tensor(Box::new(tensor))))
                    }
                    (Global::First, Some([first, ..])) => Ok(*first),
                    _ => refuse("a tensor of a special type has an unknown constructor"),
                };
            }
            Global::First => return Ok(first.unwrap_or(Value::None)),
            Global::RebuildTensor => Node::Tensor(Box::new(self.rebuild_tensor(items)?)),
            Global::Dict => {
                // Python 2 pickles an OrderedDict as a list of pairs.
                let list = first
                    .and_then(|list| self.graph.sequence(list))
                    .unwrap_or(&[]);
                self.copied += list.len();
                if self.copied > MAX_OPCODES {
                    return refuse("its dicts are copied without end");
                }
                let pair = |item: &Value<'a>| match self.graph.sequence(*item) {
                    Some([key, value]) => Some((*key, *value)),
                    _ => None,
                };
                Node::Dict(list.iter().filter_map(pair).collect())
            }
            Global::Set => Node::Sequence(Vec::new()),
            Global::Module => Node::Module(None),
            Global::Ignored | Global::Storage(_) => Node::Ignored,
        };
        Ok(self.graph.add(node))
    }

    /// `(storage, offset, size, stride, …)`.
    fn rebuild_tensor(&self, items: &[Value<'a>]) -> Result<Tensor<'a>> {
        let [storage, offset, shape, stride, ..] = items else {
            return refuse("a tensor lacks its storage, shape or strides");
        };
        let Some(Node::Storage(storage)) = self.graph.get(*storage) else {
            return refuse("a tensor has no storage");
        };
        let Some(offset) = offset.size() else {
            return refuse("a tensor's offset is not a number");
        };
        let tensor = Tensor {
            storage: **storage,
            offset,
            shape: self.graph.sizes(*shape)?,
            stride: self.graph.sizes(*stride)?,
        };
        tensor.check()?;
        Ok(tensor)
    }

    /// `('storage', class, key, device, elements[, view])` or, in legacy files, `('module', class, file, source)`.
    pub(super) fn persistent(&mut self, id: Value<'a>) -> Result<Value<'a>> {
        match self.graph.sequence(id) {
            Some(
                [
                    Value::Text("module"),
                    class @ Value::Global(Global::Module),
                    ..,
                ],
            ) => Ok(*class),
            Some(
                [
                    Value::Text("storage"),
                    Value::Global(Global::Storage(element)),
                    Value::Text(key),
                    _device,
                    len,
                    view @ ..,
                ],
            ) => {
                let (element, key) = (*element, *key);
                let Some(len) = len.size() else {
                    return refuse("a storage's size is not a number");
                };
                let mut storage = Storage {
                    key,
                    element,
                    view_start: 0,
                    len,
                };
                if let Some(view) = view.first().and_then(|view| self.graph.sequence(*view)) {
                    let [_key, start, view_len] = view else {
                        return refuse("a view of a storage is not understood");
                    };
                    let (Some(start), Some(view_len)) = (start.size(), view_len.size()) else {
                        return refuse("a view of a storage has no place");
                    };
                    if start.checked_add(view_len).is_none_or(|end| end > len) {
                        return refuse("a view reaches beyond its storage");
                    }
                    (storage.view_start, storage.len) = (start, view_len);
                }
                let known = *self.storages.entry(key).or_insert((element, len));
                if known != (element, len) {
                    return refuse(&format!("storage {key:?} is described in two ways"));
                }
                Ok(self.graph.add(Node::Storage(Box::new(storage))))
            }
            _ => refuse("a persistent id is neither a storage nor a module"),
        }
    }
}
