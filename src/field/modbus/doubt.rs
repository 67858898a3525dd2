//! Answers that may still come.
//!
//! A frame of RTU does not say which request it answers: the registers read at 10, come too late, look like those asked for at
//! 20. Throwing away what has come before a request goes out is not enough, since a slow device, or a serial server with a
//! queue, may answer just after. So each device that did not answer is remembered with what it was asked, and then:
//!
//! ```text
//! a request whose answer cannot be mistaken    goes out; its answer proves that nothing older is left, for answers
//!   (a write, another length or function)      come in the order of the requests
//! one whose answer could be mistaken           is made once more for each answer owed, and the last answer counts;
//!                                              then this kind rests until what is owed must have come
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::frame::Question;

/// An answer that has not come after this will not come, plant time. Chosen: serial servers give a frame up after 1 s and
/// radio links after 2; short enough that a reading every second does not grow stale (5 s) by one lost answer.
const LATEST: Duration = Duration::from_secs(3);
/// More unanswered requests than this are not made while the first of them could still be answered.
const OWED_MAX: usize = 8;

/// What each unit of a bus still owes.
#[derive(Debug)]
pub struct Doubt {
    latest: Duration,
    units: BTreeMap<u8, Owed>,
    /// Something came on this line that was not what we had just sent: it has no echo.
    pub is_proven: bool,
}

#[derive(Debug)]
struct Owed {
    questions: Vec<Question>,
    /// When the last of them went out.
    since: Instant,
    /// They are repetitions, which were answered at least once.
    repeated: bool,
}

impl Doubt {
    /// `speed` is plant seconds a second.
    #[must_use]
    pub fn new(speed: f64) -> Doubt {
        Doubt { latest: LATEST.div_f64(speed.max(1.0)), units: BTreeMap::new(), is_proven: false }
    }

    /// How many answers to take, the last of which is surely this question's; or until when it must not be asked.
    pub fn answers(&mut self, question: &Question, now: Instant) -> Result<usize, Instant> {
        let Some(owed) = self.units.get(&question.unit()) else { return Ok(1) };
        let over = owed.since + self.latest;
        if over <= now {
            self.units.remove(&question.unit());
            return Ok(1);
        }
        let alike = owed.questions.iter().filter(|other| question.is_like(other)).count();
        // A write waits for nothing: it may be what switches something off.
        let is_crowded = owed.questions.len() >= OWED_MAX || (alike > 0 && owed.repeated);
        if is_crowded && !question.is_write() {
            return Err(over);
        }
        Ok(1 + alike)
    }

    /// Whether a device may still answer something older: then what has come may be that, and ours is yet to come.
    #[must_use]
    pub fn owes(&self, unit: u8) -> bool {
        self.units.contains_key(&unit)
    }

    /// Whether an exception to this question could be one to an older question.
    #[must_use]
    pub fn could_refuse(&self, question: &Question) -> bool {
        self.units.get(&question.unit()).is_some_and(|owed| {
            owed.questions.iter().any(|other| other.function() == question.function())
        })
    }

    /// It was asked and answered so many times; the first answers may have been older ones.
    pub fn answered(&mut self, question: Question, answers: usize, now: Instant) {
        let Some(owed) = self.units.get_mut(&question.unit()) else { return };
        if answers > 1 {
            owed.questions = vec![question; answers - 1];
            (owed.since, owed.repeated) = (now, true);
        } else if !owed.questions.iter().any(|other| question.has_answer_of(other)) {
            self.units.remove(&question.unit());
        }
    }

    /// It was asked at `now` and not answered.
    pub fn unanswered(&mut self, question: Question, now: Instant) {
        let none = Owed { questions: Vec::new(), since: now, repeated: false };
        let owed = self.units.entry(question.unit()).or_insert(none);
        (owed.since, owed.repeated) = (now, false);
        owed.questions.push(question);
    }
}

#[cfg(test)]
mod tests {
    use tokio_modbus::Request;

    use super::*;

    fn read(address: u16, number: u16) -> Question {
        Question::new(1, &Request::ReadHoldingRegisters(address, number)).expect("asked")
    }

    #[test]
    fn what_could_be_mistaken_is_asked_twice_and_then_rests_until_nothing_can_come() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut doubt = Doubt::new(1.0);
        assert_eq!(doubt.answers(&read(10, 1), start), Ok(1));
        doubt.unanswered(read(10, 1), start);
        for (question, answers) in [(read(20, 1), 2), (read(10, 1), 2), (read(20, 2), 1)] {
            assert_eq!(doubt.answers(&question, after(500)), Ok(answers), "{question:?}");
        }
        let other = Question::new(2, &Request::ReadHoldingRegisters(10, 1)).expect("asked");
        assert_eq!(doubt.answers(&other, after(500)), Ok(1), "another device");
        doubt.answered(read(20, 1), 2, after(600));
        assert_eq!(doubt.answers(&read(30, 1), after(3_599)), Err(after(3_600)));
        assert_eq!(doubt.answers(&read(30, 1), after(3_600)), Ok(1));
    }

    #[test]
    fn five_bits_look_like_eight_and_not_like_nine() {
        let now = Instant::now();
        let bits = |number| Question::new(1, &Request::ReadCoils(0, number)).expect("asked");
        let mut doubt = Doubt::new(1.0);
        doubt.unanswered(bits(5), now);
        assert_eq!(doubt.answers(&bits(8), now), Ok(2));
        assert_eq!(doubt.answers(&bits(9), now), Ok(1));
    }

    /// The answer to many values written does not repeat them: that to `run` must not confirm `stop`.
    #[test]
    fn what_is_written_over_an_unanswered_write_is_written_until_its_own_answer_comes() {
        let now = Instant::now();
        let write = |word: u16, more: u16| {
            let request = Request::WriteMultipleRegisters(5, vec![word, more].into());
            Question::new(1, &request).expect("asked")
        };
        let mut doubt = Doubt::new(1.0);
        doubt.unanswered(write(1, 0), now);
        assert_eq!(doubt.answers(&write(1, 0), now), Ok(1), "the same is the same");
        assert_eq!(doubt.answers(&write(0, 0), now), Ok(2));
        doubt.answered(write(0, 0), 2, now);
        assert_eq!(doubt.answers(&write(1, 0), now), Ok(2), "a write is never put off");
        let mut doubt = Doubt::new(1.0);
        doubt.unanswered(read(10, 1), now);
        doubt.unanswered(write(1, 0), now);
        doubt.answered(write(1, 0), 1, now);
        assert!(doubt.owes(1), "it may be the answer to the first of them");
        assert_eq!(doubt.answers(&read(20, 1), now), Ok(2));
    }

    #[test]
    fn an_answer_that_cannot_be_mistaken_ends_the_doubt_unless_it_repeats_what_is_owed() {
        let now = Instant::now();
        let write = |word| Question::new(1, &Request::WriteSingleRegister(5, word)).expect("asked");
        let mut doubt = Doubt::new(1.0);
        doubt.unanswered(read(10, 1), now);
        assert!(doubt.could_refuse(&read(9, 4)) && !doubt.could_refuse(&write(1)));
        doubt.answered(write(1), 1, now);
        assert_eq!(doubt.answers(&read(20, 1), now), Ok(1));
        doubt.unanswered(read(10, 1), now);
        doubt.unanswered(write(1), now);
        // Its answer may be that to the first one.
        doubt.answered(write(1), 1, now);
        assert_eq!(doubt.answers(&read(20, 1), now), Ok(2));
        doubt.answered(write(2), 1, now);
        assert_eq!(doubt.answers(&read(20, 1), now), Ok(1));
    }
}
