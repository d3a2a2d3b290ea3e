// What the `count` threads of a workgroup reduce together. The including file declares `partial`, an array in workgroup
// memory with a number for each thread. Every thread gets the result, and may write to `partial` again.
#import threads

#ifdef SUBGROUPS
fn sum_of_all(x: f32, threads: Threads, count: u32) -> f32 {
    let part = subgroupAdd(x);
    if threads.lane == 0u {
        partial[threads.subgroup] = part;
    }
    workgroupBarrier();
    var sum = partial[0];
    for (var i = 1u; i < threads.subgroups; i++) {
        sum += partial[i];
    }
    workgroupBarrier();
    return sum;
}

fn greatest_of_all(x: f32, threads: Threads, count: u32) -> f32 {
    let part = subgroupMax(x);
    if threads.lane == 0u {
        partial[threads.subgroup] = part;
    }
    workgroupBarrier();
    var greatest = partial[0];
    for (var i = 1u; i < threads.subgroups; i++) {
        greatest = max(greatest, partial[i]);
    }
    workgroupBarrier();
    return greatest;
}
#else
fn sum_of_all(x: f32, threads: Threads, count: u32) -> f32 {
    partial[threads.index] = x;
    for (var half = count / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if threads.index < half {
            partial[threads.index] += partial[threads.index + half];
        }
    }
    workgroupBarrier();
    let sum = partial[0];
    workgroupBarrier();
    return sum;
}

fn greatest_of_all(x: f32, threads: Threads, count: u32) -> f32 {
    partial[threads.index] = x;
    for (var half = count / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if threads.index < half {
            partial[threads.index] = max(partial[threads.index], partial[threads.index + half]);
        }
    }
    workgroupBarrier();
    let greatest = partial[0];
    workgroupBarrier();
    return greatest;
}
#endif
