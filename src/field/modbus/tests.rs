//! The whole driver against devices that behave, and that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use config::{DeadMan, Form, Profile, Register, Table, Watchdog, WordOrder};
use plc::signal::{Fault, Quality};
use plc::tag::Catalogue;
use tokio::runtime::Handle;

use super::bench::{Rigged, await_that, profile, register};
use super::nasty::{Asked, Deed, Memory, Nasty};
use crate::field::buses::{BusField, FieldError};

#[tokio::test]
async fn every_register_form_arrives_in_the_points_unit_with_its_time() {
    let memory = Memory::default();
    memory.set(1, 7, &[1]);
    memory.set(2, 3, &[0]);
    memory.set(3, 10, &[0b100, 0xFFFE, 15]);
    memory.set(4, 0, &[500, 0x0001, 0x0002, 0xFFFF, 0xFFFF, 0xE979, 0x42F6]);
    let registers = vec![
        register("coil", Table::Coil, 7, Form::Bool { bit: 0 }),
        register("contact", Table::DiscreteInput, 3, Form::Bool { bit: 0 }),
        register("bit", Table::Holding, 10, Form::Bool { bit: 2 }),
        register("signed", Table::Holding, 11, Form::I16),
        register("command", Table::Holding, 12, Form::Command { start: vec![6, 15], stop: 6 }),
        Register { scale: 0.1, ..register("word", Table::Input, 0, Form::U16) },
        register("long", Table::Input, 1, Form::U32),
        register("signed_long", Table::Input, 3, Form::I32),
        Register { order: WordOrder::Cdab, ..register("float", Table::Input, 5, Form::F32) },
    ];
    let values = [1.0, 1.0, 1.0, -2.0, 1.0, 50.0, 65_538.0, -1.0, f64::from(123.456_f32)];
    let held = memory.clone();
    let device = Nasty::start(move |asked| vec![Deed::Answer(held.answer(asked))]).await;
    let mut site = Rigged::new(device.address);
    site.device("probe", 1, Profile { registers, ..profile() });
    for register in 0..values.len() {
        site.input(0, register);
    }
    // A contact wired the other way round.
    site.bindings[1].invert = true;
    let mut plant = site.start();
    assert!((0..values.len()).all(|slot| plant.quality(slot) == Quality::Bad(Fault::NotYetRead)));
    plant.until("all are read", |plant| (0..values.len()).all(|slot| plant.good(slot))).await;
    for (slot, value) in values.iter().enumerate() {
        let reading = plant.inputs.readings[slot];
        assert!((reading.value - value).abs() < 1e-9, "{slot}: {reading:?}");
        assert!(reading.taken <= plant.now);
    }
    let first = plant.inputs.readings[5].taken;
    plant.until("a newer one", |plant| plant.inputs.readings[5].taken > first).await;
    // Neighbours go in one request: one a table.
    let mut requests: Vec<_> = device
        .asked()
        .iter()
        .map(|asked| (asked.pdu[0], asked.address(), asked.number()))
        .collect();
    requests.sort_unstable();
    requests.dedup();
    assert_eq!(requests, [(1, 7, 1), (2, 3, 1), (3, 10, 3), (4, 0, 7)]);
}

#[tokio::test]
async fn a_sentinel_a_broken_loop_and_a_refusal_are_bad_each_for_its_own_reason() {
    let memory = Memory::default();
    memory.set(4, 0, &[0x7FFF, 3, 7]);
    let registers = vec![
        Register { sentinels: vec![0x7FFF], ..register("level", Table::Input, 0, Form::I16) },
        register("loop", Table::Input, 1, Form::U16),
        register("fit", Table::Input, 2, Form::U16),
        register("missing", Table::Holding, 9, Form::U16),
    ];
    let device = Nasty::start(move |asked| vec![Deed::Answer(memory.answer(asked))]).await;
    let mut site = Rigged::new(device.address);
    site.device("probe", 1, Profile { registers, ..profile() });
    (0..4).for_each(|register| site.input(0, register));
    site.bindings[1].live = Some((4.0, 20.0));
    let mut plant = site.start();
    plant.until("all are read", |plant| plant.good(2) && plant.taken(3)).await;
    assert_eq!(plant.quality(0), Quality::Bad(Fault::Invalid));
    assert_eq!(plant.quality(1), Quality::Bad(Fault::Range));
    assert_eq!(plant.quality(3), Quality::Bad(Fault::Invalid));
    assert!(plant.answers());
}

#[tokio::test]
async fn a_silent_device_turns_bad_alone_is_left_in_peace_and_comes_back() {
    let silent = Arc::new(AtomicBool::new(false));
    let asked_of = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let (quiet, counts) = (silent.clone(), asked_of.clone());
    let memory = Memory::default();
    memory.set(4, 0, &[1]);
    let device = Nasty::start(move |asked| {
        counts[usize::from(asked.unit) - 1].fetch_add(1, Ordering::Relaxed);
        if asked.unit == 2 && quiet.load(Ordering::Relaxed) {
            vec![Deed::Silence]
        } else {
            vec![Deed::Answer(memory.answer(asked))]
        }
    })
    .await;
    let mut site = Rigged::new(device.address);
    let registers = vec![register("value", Table::Input, 0, Form::U16)];
    for unit in [1, 2] {
        site.device("probe", unit, Profile { registers: registers.clone(), ..profile() });
        site.input(usize::from(unit) - 1, 0);
    }
    // A rest must be longer than a time-out.
    site.speed = 10;
    let mut plant = site.start();
    plant.until("both are read", |plant| plant.good(0) && plant.good(1)).await;
    silent.store(true, Ordering::Relaxed);
    plant.until("one turns bad", |plant| plant.quality(1) == Quality::Bad(Fault::Stale)).await;
    // Ten seconds of rest: the other is asked again and again meanwhile.
    let asks = || [0, 1].map(|unit: usize| asked_of[unit].load(Ordering::Relaxed));
    let before = asks();
    plant.until("the other goes on", |plant| plant.good(0) && asks()[0] >= before[0] + 12).await;
    assert!(asks()[1] - before[1] < 6, "{before:?} {:?}", asks());
    silent.store(false, Ordering::Relaxed);
    plant.until("it comes back", |plant| plant.good(1)).await;
}

#[tokio::test]
async fn a_cut_link_turns_its_inputs_bad_and_a_restored_one_good_again() {
    let memory = Memory::default();
    memory.set(4, 0, &[1]);
    memory.set(1, 0, &[0]);
    let held = memory.clone();
    let device = Nasty::start(move |asked| vec![Deed::Answer(held.answer(asked))]).await;
    let address = device.address;
    let mut site = Rigged::new(device.address);
    let registers = vec![
        register("value", Table::Input, 0, Form::U16),
        register("relay", Table::Coil, 0, Form::Bool { bit: 0 }),
    ];
    site.device("probe", 1, Profile { registers, ..profile() });
    site.input(0, 0);
    site.output(0, 1);
    let mut plant = site.start();
    plant.outputs.values[0] = 1.0;
    plant.until("it works", |plant| plant.good(0) && memory.get(1, 0) == Some(1)).await;
    assert!(plant.answers());
    device.stop().await;
    plant.until("bad", |plant| plant.quality(0) == Quality::Bad(Fault::Stale)).await;
    assert!(!plant.answers());
    // Its relays fell meanwhile.
    memory.set(1, 0, &[0]);
    let held = memory.clone();
    let _device =
        Nasty::start_at(address, move |asked| vec![Deed::Answer(held.answer(asked))]).await;
    plant.until("good", |plant| plant.good(0) && memory.get(1, 0) == Some(1)).await;
    assert!(plant.answers());
}

#[tokio::test]
async fn a_drive_is_started_step_by_step_then_only_reminded_and_stopped_at_the_end() {
    let memory = Memory::default();
    let held = memory.clone();
    let device = Nasty::start(move |asked| vec![Deed::Answer(held.answer(asked))]).await;
    let mut site = Rigged::new(device.address);
    let registers = vec![
        register("run", Table::Holding, 8501, Form::Command { start: vec![6, 7, 15], stop: 6 }),
        Register { scale: 0.2, ..register("speed", Table::Holding, 8502, Form::I16) },
    ];
    site.device("drive", 1, Profile { registers, read_back: true, ..profile() });
    site.output(0, 0);
    site.output(0, 1);
    let mut plant = site.start();
    let written = |device: &Nasty| -> Vec<(u16, u16)> {
        let writes = device.asked().into_iter().filter(|asked| asked.pdu[0] == 16);
        let pair = |pdu: &[u8], at| u16::from_be_bytes([pdu[at], pdu[at + 1]]);
        let mut words: Vec<_> =
            writes.map(|asked| (pair(&asked.pdu, 6), pair(&asked.pdu, 8))).collect();
        words.dedup();
        words
    };
    plant.until("it is told to stand", |_| written(&device) == [(6, 0)]).await;
    plant.outputs.values.copy_from_slice(&[1.0, 80.0]);
    plant.until("it runs", |_| memory.get(3, 8501) == Some(15)).await;
    assert_eq!(written(&device), [(6, 0), (6, 400), (7, 400), (15, 400)]);
    plant.outputs.values[1] = 90.0;
    plant.until("it runs faster", |_| memory.get(3, 8502) == Some(450)).await;
    let so_far = device.asked().len();
    plant.until("it is reminded", |_| device.asked().len() > so_far + 6).await;
    let expected = [(6, 0), (6, 400), (7, 400), (15, 400), (15, 450)];
    assert_eq!(written(&device), expected, "no step back while it runs");
    assert!(device.asked().iter().any(|asked| asked.pdu == [3, 0x21, 0x35, 0, 2]), "read back");
    plant.stop().await;
    assert_eq!((memory.get(3, 8501), memory.get(3, 8502)), (Some(6), Some(0)));
}

#[tokio::test]
async fn nothing_is_switched_on_before_the_devices_own_watchdog_is_set_and_read_back() {
    for accepts in [true, false] {
        let memory = Memory::default();
        let held = memory.clone();
        let device = Nasty::start(move |asked| {
            let answer = held.answer(asked);
            // What is written in RAM is read elsewhere (INVT).
            if asked.pdu[0] == 6 {
                held.set(3, 6006, &[if accepts { 30 } else { 100 }]);
            }
            vec![Deed::Answer(answer)]
        })
        .await;
        let mut site = Rigged::new(device.address);
        let registers = vec![register("relay", Table::Coil, 0, Form::Bool { bit: 0 })];
        let watchdog = Some(Watchdog { address: 6005, value: 30, verify: 6006 });
        site.device("drive", 1, Profile { registers, watchdog, ..profile() });
        site.output(0, 0);
        let mut plant = site.start();
        plant.outputs.values[0] = 1.0;
        let relay = |device: &Nasty| device.asked().iter().filter(|a| a.pdu[0] == 5).count();
        plant.until("the relay is written", |_| relay(&device) > 5).await;
        assert_eq!(device.asked()[0].pdu, [6, 0x17, 0x75, 0, 30]);
        assert_eq!(memory.get(1, 0), Some(u16::from(accepts)));
        assert_eq!(plant.verified(), accepts, "the self-test is told");
    }
}

/// Some probes measure only once they have been told to, and forget it with their supply (`plant.md` 1.6, Yosemitech).
#[tokio::test]
async fn a_probe_that_has_to_be_started_is_started_when_it_is_met_and_after_every_silence() {
    let memory = Memory::default();
    memory.set(3, 0x2500, &[0]);
    let held = memory.clone();
    let measures = Arc::new(AtomicBool::new(false));
    let silent = Arc::new(AtomicBool::new(false));
    let (probe, mute) = (measures.clone(), silent.clone());
    let device = Nasty::start(move |asked| {
        if mute.load(Ordering::Relaxed) {
            return vec![Deed::Silence];
        }
        if asked.address() == 0x2500 {
            probe.store(true, Ordering::Relaxed);
        }
        held.set(3, 0x2600, &[u16::from(probe.load(Ordering::Relaxed)) * 25]);
        vec![Deed::Answer(held.answer(asked))]
    })
    .await;
    let mut site = Rigged::new(device.address);
    let registers = vec![register("turbidity", Table::Holding, 0x2600, Form::U16)];
    site.device("probe", 1, Profile { registers, starts: Some(0x2500), ..profile() });
    site.input(0, 0);
    let mut plant = site.start();
    plant.until("it measures", |plant| plant.inputs.readings[0].value == 25.0).await;
    // It loses its supply for a moment.
    measures.store(false, Ordering::Relaxed);
    silent.store(true, Ordering::Relaxed);
    let so_far = device.asked().len();
    plant.until("it was asked in vain", |_| device.asked().len() > so_far).await;
    silent.store(false, Ordering::Relaxed);
    plant.until("it measures again", |_| measures.load(Ordering::Relaxed)).await;
}

#[tokio::test]
async fn outputs_fall_when_the_scan_thread_is_lost() {
    let memory = Memory::default();
    let held = memory.clone();
    let device = Nasty::start(move |asked| vec![Deed::Answer(held.answer(asked))]).await;
    let mut site = Rigged::new(device.address);
    let registers = vec![register("relay", Table::Coil, 0, Form::Bool { bit: 0 })];
    site.device("relays", 1, Profile { registers, ..profile() });
    site.output(0, 0);
    let mut plant = site.start();
    plant.outputs.values[0] = 1.0;
    plant.until("it is on", |_| memory.get(1, 0) == Some(1)).await;
    // No more scans.
    await_that("it is off", || memory.get(1, 0) == Some(0)).await;
}

#[tokio::test]
async fn a_relay_with_a_dead_man_is_renewed_while_wanted_and_corrected_when_it_stands_wrong() {
    let memory = Memory::default();
    memory.set(1, 0, &[0, 0, 0]);
    let held = memory.clone();
    let device = Nasty::start(move |asked| {
        // The flash-on addresses stand for the channels.
        if asked.pdu[0] == 5 && asked.address() >= 0x200 {
            held.set(1, asked.address() - 0x200, &[1]);
            return vec![Deed::Answer(asked.pdu.clone())];
        }
        vec![Deed::Answer(held.answer(asked))]
    })
    .await;
    let mut site = Rigged::new(device.address);
    let relay = |name, address| register(name, Table::Coil, address, Form::Bool { bit: 0 });
    let registers = vec![relay("one", 0), relay("two", 2)];
    let dead_man = Some(DeadMan { address: 0x200, ticks: 30 });
    site.device("relays", 1, Profile { registers, dead_man, ..profile() });
    site.output(0, 0);
    site.output(0, 1);
    site.bindings.iter_mut().for_each(|binding| binding.dead_man = true);
    let mut plant = site.start();
    plant.outputs.values[1] = 1.0;
    let flashes = |device: &Nasty| {
        device.asked().iter().filter(|asked| asked.pdu == [5, 2, 2, 0, 30]).count()
    };
    plant.until("it is renewed", |_| flashes(&device) > 3 && memory.get(1, 2) == Some(1)).await;
    memory.set(1, 0, &[1]);
    plant.until("the wrong one is corrected", |_| memory.get(1, 0) == Some(0)).await;
    plant.outputs.values[1] = 0.0;
    plant.until("it is off", |_| memory.get(1, 2) == Some(0)).await;
}

#[tokio::test]
async fn the_heartbeat_is_toggled_by_completed_scans_and_by_nothing_else() {
    let memory = Memory::default();
    let held = memory.clone();
    let device = Nasty::start(move |asked| vec![Deed::Answer(held.answer(asked))]).await;
    let mut site = Rigged::new(device.address);
    let registers = vec![register("beat", Table::Coil, 0, Form::Bool { bit: 0 })];
    site.device("header", 1, Profile { registers, ..profile() });
    site.output(0, 0);
    "system.heartbeat".clone_into(&mut site.bindings[0].path);
    let mut plant = site.start();
    let toggles = || {
        let mut levels: Vec<bool> =
            device.asked().iter().map(|asked| asked.number() != 0).collect();
        levels.dedup();
        levels.len() - 1
    };
    plant.until("it beats", |_| !device.asked().is_empty() && toggles() > 5).await;
    // What is still owed is beaten out; then it stands.
    let mut before = usize::MAX;
    while before != toggles() {
        before = toggles();
        let asked = device.asked().len();
        await_that("some repetitions", || device.asked().len() > asked + 3).await;
    }
    assert!(toggles() <= plant.scans);
}

#[tokio::test]
async fn points_that_this_site_does_not_have_are_not_fitted() {
    let device = Nasty::start(|_| vec![Deed::Silence]).await;
    let mut site = Rigged::new(device.address);
    let registers = vec![register("value", Table::Input, 0, Form::U16)];
    site.device("probe", 1, Profile { registers, ..profile() });
    site.input(0, 0);
    site.absent = site.bindings.drain(..).map(|binding| binding.path).collect();
    let mut plant = site.start();
    plant.until("it says so", |plant| plant.quality(0) == Quality::Bad(Fault::NotFitted)).await;
}

#[tokio::test]
async fn a_site_that_binds_a_point_nobody_knows_is_refused() {
    let device = Nasty::start(|asked: &Asked| vec![Deed::Answer(asked.pdu.clone())]).await;
    let mut site = Rigged::new(device.address);
    let registers = vec![register("value", Table::Input, 0, Form::U16)];
    site.device("probe", 1, Profile { registers, ..profile() });
    site.input(0, 0);
    let site = site.site();
    let refused = BusField::start(&site, &Catalogue::default(), 1, &Handle::current());
    let Some(FieldError::Unbound(unbound)) = refused.err() else { panic!("it starts") };
    assert_eq!(unbound.path, "unit.in0");
}
