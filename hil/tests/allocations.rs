//! A scan never asks for memory: counted over hours with a start, a wash, alarms and refused orders.
#![allow(
    unsafe_code,
    reason = "counting allocations takes a global allocator, which is an unsafe trait"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use hil::TwinParameters;
use hil::closed_loop::ClosedLoop;
use plc::image::{Command, Order, Step};
use plc::plant::Shape;
use plc::tag::Role;

thread_local! {
    static COUNTING: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes straight to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTING.with(Cell::get) {
            COUNT.with(|count| count.set(count.get() + 1));
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn core_and_twin_ask_for_no_memory_after_they_are_built() {
    let period = Duration::from_millis(250);
    let mut plant = ClosedLoop::new(&Shape::default(), TwinParameters::default(), 1, period);
    plant.expect_orders(4);
    let orders = [
        Command::Start,
        Command::Wash { filter: 1 },
        Command::Wash { filter: 9 },
        Command::Set { setting: 0, value: 1.0 },
        Command::Acknowledge { alarm: 0 },
        Command::Prime,
        Command::EnterChlorine { tested: 0.7 },
    ];
    COUNTING.with(|counting| counting.set(true));
    for step in 0..60_000_u32 {
        if step % 1_000 == 999 {
            let command = orders[(step / 1_000) as usize % orders.len()];
            let role = Role::Supervisor;
            let operate = Step::Operate { token: step };
            plant.send(Order { number: step, role, step: Step::Select, command });
            plant.send(Order { number: step + 1, role, step: operate, command });
        }
        plant.step();
    }
    COUNTING.with(|counting| counting.set(false));
    assert_eq!(plant.state("system.state"), Some("Producing"));
    assert_eq!(COUNT.with(Cell::get), 0);
}
