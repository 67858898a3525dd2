//! Time of the rig: the world goes on in its own thread, in step with the real clock times the speed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plc::image::{Inputs, Outputs};
use plc::signal::Moment;

use super::{Field, World};

/// Plant time of one step: half the controller's usual scan, so that each toggle of the heartbeat is seen.
pub const STEP: Duration = Duration::from_millis(50);
/// Plant time the world may fall behind and still catch up; what is more is lost, as on a machine that was suspended. Less
/// than the second of silence at which the watchdog relay drops the motors: a rig that had no turn must not take its own
/// absence for the controller's.
const BEHIND_MAX: Duration = Duration::from_millis(500);

/// Lets time run until dropped.
#[derive(Debug)]
pub struct Clock {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Clock {
    pub fn start(
        field: Arc<Field>,
        world: Arc<Mutex<Box<dyn World>>>,
        mut inputs: Inputs,
        mut outputs: Outputs,
        speed: u32,
    ) -> Clock {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let (every, behind_max) = (STEP / speed.max(1), BEHIND_MAX / speed.max(1));
        let run = move || {
            let (mut due, mut now) = (Instant::now(), Moment(0));
            while !stopped.load(Ordering::Relaxed) {
                field.drive(&mut outputs);
                now = now.plus(STEP);
                let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
                world.step(&outputs, &mut inputs, now, STEP);
                drop(world);
                field.show(&inputs, now);
                due += every;
                let real = Instant::now();
                match due.checked_duration_since(real) {
                    Some(early) => std::thread::sleep(early),
                    None if real - due > behind_max => due = real,
                    None => {}
                }
            }
        };
        Clock { stop, thread: Some(std::thread::spawn(run)) }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A step takes less than a millisecond; a panic in it has already been printed.
            let _ = thread.join();
        }
    }
}
