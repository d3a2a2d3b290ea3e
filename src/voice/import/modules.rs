//! From what a pickle describes to named tensors: finds the state dict among the forms that
//! published files have, or collects it from a whole pickled module.

use std::collections::BTreeMap;

use super::graph::{Graph, Node, Value};
use super::tensor::Tensor;
use crate::voice::error::{Error, Result};

/// Tensors by name.
pub(super) type State<'a> = BTreeMap<String, Tensor<'a>>;

/// Levels of modules within modules; the published networks have five.
const MAX_DEPTH: usize = 32;
/// Modules in a checkpoint; the published networks have fewer than a thousand.
const MAX_MODULES: usize = 20_000;

/// The state dict of a checkpoint: under `state_dict` or `model`, the root itself, or collected from a module.
pub(super) fn state<'a>(graph: &Graph<'a>, root: Value<'a>) -> Result<State<'a>> {
    let chosen = ["state_dict", "model_state_dict", "model"]
        .iter()
        .find_map(|key| graph.entry(root, key))
        .filter(|value| matches!(graph.get(*value), Some(Node::Dict(_) | Node::Module(_))))
        .unwrap_or(root);
    let mut state = State::new();
    match graph.get(chosen) {
        Some(Node::Dict(items)) => {
            for (key, value) in items {
                if let (Value::Text(name), Some(tensor)) = (key, graph.tensor(*value)) {
                    state.insert(plain_name(name), tensor.clone());
                }
            }
        }
        Some(Node::Module(_)) => {
            let mut walk = Walk {
                graph,
                state: &mut state,
                modules: 0,
            };
            walk.module(chosen, "", 0)?;
        }
        _ => {}
    }
    if state.is_empty() {
        return Err(Error::Checkpoint(
            "there are no tensors in it: neither a state dict, nor one under `state_dict` or `model`, nor a module".into(),
        ));
    }
    Ok(state)
}

/// Names without what `DataParallel` and mixed-precision wrappers put in front.
fn plain_name(name: &str) -> String {
    name.replace("module.1.", "").replace("module.", "")
}

struct Walk<'g, 'a> {
    graph: &'g Graph<'a>,
    state: &'g mut State<'a>,
    modules: usize,
}

impl<'a> Walk<'_, 'a> {
    fn module(&mut self, module: Value<'a>, prefix: &str, depth: usize) -> Result<()> {
        let Value::Node(id) = module else {
            return Ok(());
        };
        let Node::Module(attributes) = self.graph.node(id) else {
            return Ok(());
        };
        // A module within itself would never end, and modules that share modules could be counted forever.
        self.modules += 1;
        if depth > MAX_DEPTH || self.modules > MAX_MODULES {
            return Err(Error::Checkpoint(
                "its modules contain each other without end".into(),
            ));
        }
        let Some(attributes) = *attributes else {
            return Ok(());
        };
        for part in ["_parameters", "_buffers"] {
            for (key, value) in self.items(attributes, part) {
                if let (Value::Text(key), Some(tensor)) = (key, self.graph.tensor(value)) {
                    self.state
                        .insert(plain_name(&format!("{prefix}{key}")), tensor.clone());
                }
            }
        }
        for (key, value) in self.items(attributes, "_modules") {
            if let Value::Text(key) = key {
                self.module(value, &format!("{prefix}{key}."), depth + 1)?;
            }
        }
        Ok(())
    }

    fn items(&self, attributes: Value<'a>, part: &str) -> Vec<(Value<'a>, Value<'a>)> {
        let dict = self.graph.entry(attributes, part);
        dict.and_then(|dict| self.graph.dict(dict))
            .unwrap_or(&[])
            .to_vec()
    }
}
