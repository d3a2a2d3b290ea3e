// The threads of a workgroup. Subgroups have 4 to 128 lanes, in an order that is the driver's, and some may be partly
// empty: who includes this must not depend on it.
struct Threads {
    @builtin(local_invocation_index) index: u32,
#ifdef SUBGROUPS
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) lanes: u32,
#endif
}
