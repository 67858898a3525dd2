//! Frames of Modbus RTU: what is sent, and whether what comes can be its answer.
//!
//! Written here, and not taken from tokio-modbus: that one skips over broken frames without a word, so that noise and
//! silence cannot be counted apart, and takes a switch-on for a limited time (FC05 with a time) for a broken frame. An answer
//! is taken whole or not at all: unit, function, number of bytes, checksum, and nothing behind it but what a line makes by itself.

use tokio_modbus::{ExceptionCode, Request};

use super::connection::{Answer, Failure};

/// Set in the function of an exception.
const EXCEPTION: u8 = 0x80;
/// Unit, function, code, checksum.
const EXCEPTION_LENGTH: usize = 5;
/// What a driver that is switched on or off, or a line without bias, makes of an idle line: no unit has these numbers.
const NOISE: [u8; 2] = [0x00, 0xFF];
/// More of it than this before a frame, or behind one, is no glitch.
const NOISE_MAX: usize = 4;

/// CRC-16 of Modbus, low byte first on the line.
#[must_use]
pub fn checksum(bytes: &[u8]) -> [u8; 2] {
    let step = |sum: u16, _: u32| if sum & 1 == 1 { sum >> 1 ^ 0xA001 } else { sum >> 1 };
    let byte = |sum: u16, byte: &u8| (0..8).fold(sum ^ u16::from(*byte), step);
    bytes.iter().fold(0xFFFF, byte).to_le_bytes()
}

/// A request to a unit as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    frame: Vec<u8>,
    reads: Option<Reads>,
}

/// What a read asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    Bits(u16),
    Words(u16),
}

/// What has come so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// The beginning of an answer.
    Part,
    /// All of it.
    Whole(Result<Answer, Failure>),
    /// Something else.
    Other,
}

impl Question {
    /// `None`: nothing that we ever ask.
    #[must_use]
    pub fn new(unit: u8, request: &Request<'_>) -> Option<Question> {
        let pair =
            |address: u16, number: u16| [address.to_be_bytes(), number.to_be_bytes()].concat();
        let many = |address: u16, number: usize, bytes: Vec<u8>| {
            let mut content = pair(address, u16::try_from(number).ok()?);
            content.push(u8::try_from(bytes.len()).ok()?);
            content.extend(bytes);
            Some(content)
        };
        let (function, content, reads) = match request {
            Request::ReadCoils(at, number) => (1, pair(*at, *number), Some(Reads::Bits(*number))),
            Request::ReadDiscreteInputs(at, number) => {
                (2, pair(*at, *number), Some(Reads::Bits(*number)))
            }
            Request::ReadHoldingRegisters(at, number) => {
                (3, pair(*at, *number), Some(Reads::Words(*number)))
            }
            Request::ReadInputRegisters(at, number) => {
                (4, pair(*at, *number), Some(Reads::Words(*number)))
            }
            Request::WriteSingleCoil(at, on) => (5, pair(*at, if *on { 0xFF00 } else { 0 }), None),
            Request::WriteSingleRegister(at, word) => (6, pair(*at, *word), None),
            Request::WriteMultipleCoils(at, coils) => {
                let byte = |bits: &[bool]| {
                    bits.iter().rev().fold(0, |byte: u8, bit| byte << 1 | u8::from(*bit))
                };
                let bytes = coils.chunks(8).map(byte).collect();
                (15, many(*at, coils.len(), bytes)?, None)
            }
            Request::WriteMultipleRegisters(at, words) => {
                let bytes = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                (16, many(*at, words.len(), bytes)?, None)
            }
            Request::Custom(function, content) if content.len() == 4 => {
                (*function, content.to_vec(), None)
            }
            Request::Custom(..)
            | Request::ReportServerId
            | Request::MaskWriteRegister(..)
            | Request::ReadWriteMultipleRegisters(..)
            | Request::ReadDeviceIdentification(..) => return None,
        };
        let mut frame = vec![unit, function];
        frame.extend(content);
        frame.extend(checksum(&frame));
        Some(Question { frame, reads })
    }

    #[must_use]
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }

    #[must_use]
    pub fn unit(&self) -> u8 {
        self.frame[0]
    }

    #[must_use]
    pub fn function(&self) -> u8 {
        self.frame[1]
    }

    /// Bytes of the answer, when it is no exception.
    #[must_use]
    pub fn answer_length(&self) -> usize {
        match self.reads {
            Some(reads) => 5 + reads.bytes(),
            // Address and number, or value, are repeated.
            None => 8,
        }
    }

    /// Whether the answer repeats the question byte by byte, so that an echo would pass as one.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.reads.is_none() && self.frame.len() == self.answer_length()
    }

    /// A read of what it writes.
    #[must_use]
    pub fn read_of_the_same(&self) -> Option<Question> {
        let address = u16::from_be_bytes([self.frame[2], self.frame[3]]);
        let is_plain = matches!(self.frame[4..6], [0 | 0xFF, 0]);
        let request = match self.function() {
            5 if is_plain => Request::ReadCoils(address, 1),
            // A switch-on for a limited time, at an address where there is nothing to read.
            5 => Request::ReadCoils(0, 1),
            6 => Request::ReadHoldingRegisters(address, 1),
            _ => return None,
        };
        Question::new(self.unit(), &request)
    }

    /// Whether the answer to another question, come too late, would pass as this one's: reads do not say what they are of,
    /// five bits look like eight, and of many values written none comes back.
    #[must_use]
    pub fn is_like(&self, other: &Question) -> bool {
        match (self.reads, other.reads) {
            (Some(reads), Some(others)) => {
                reads.bytes() == others.bytes() && self.frame[..2] == other.frame[..2]
            }
            (None, None) => self.has_answer_of(other) && self.frame != other.frame,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// Whether both have the same answer, or would be confirmed by it: unit, function, address, and number or value.
    #[must_use]
    pub fn has_answer_of(&self, other: &Question) -> bool {
        self.frame[..6] == other.frame[..6]
    }

    /// It changes something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.reads.is_none()
    }

    /// What bytes that came behind the question are.
    #[must_use]
    pub fn judge(&self, bytes: &[u8]) -> Heard {
        let answer = without_noise(bytes);
        let [unit, function, content @ ..] = answer else {
            let begins = answer.first().is_none_or(|unit| *unit == self.unit());
            return if begins { Heard::Part } else { Heard::Other };
        };
        let is_exception = *function == self.function() | EXCEPTION;
        if *unit != self.unit() || !(is_exception || *function == self.function()) {
            return Heard::Other;
        }
        let counted = self.reads.filter(|_| !is_exception).map(Reads::bytes);
        if let (Some(wanted), Some(count)) = (counted, content.first())
            && usize::from(*count) != wanted
        {
            return Heard::Other;
        }
        let length = if is_exception { EXCEPTION_LENGTH } else { self.answer_length() };
        if answer.len() < length {
            return Heard::Part;
        }
        // Cut off its last zero, some requests are frames with a right checksum: our own echo is no answer to a read.
        if self.reads.is_some() && answer.starts_with(&self.frame) {
            return Heard::Other;
        }
        let (answer, behind) = answer.split_at(length);
        if behind.len() > NOISE_MAX || behind.iter().any(|byte| !NOISE.contains(byte)) {
            return Heard::Other;
        }
        let (body, sum) = answer.split_at(length - 2);
        if checksum(body) != sum {
            let what = format!("checksum of {answer:02x?} is wrong");
            return Heard::Whole(Err(Failure::Garbled(what)));
        }
        Heard::Whole(self.content(is_exception, &body[2..]))
    }

    fn content(&self, is_exception: bool, content: &[u8]) -> Result<Answer, Failure> {
        if is_exception {
            return Err(Failure::Exception(ExceptionCode::new(content[0])));
        }
        match self.reads {
            Some(Reads::Bits(number)) => {
                let bit = |at: usize| content[1 + at / 8] >> (at % 8) & 1 == 1;
                Ok(Answer::Bits((0..usize::from(number)).map(bit).collect()))
            }
            Some(Reads::Words(_)) => {
                let word = |two: &[u8]| u16::from_be_bytes([two[0], two[1]]);
                Ok(Answer::Words(content[1..].chunks_exact(2).map(word).collect()))
            }
            None if *content == self.frame[2..6] => Ok(Answer::Written),
            None => Err(Failure::Misfit(format!("{content:02x?} to {:02x?}", self.frame))),
        }
    }

    /// What to call bytes that are no answer to it, once all have come.
    #[must_use]
    pub fn name(&self, bytes: &[u8]) -> Failure {
        let frame = without_noise(bytes);
        let is_whole = frame.len() >= EXCEPTION_LENGTH && {
            let (body, sum) = frame.split_at(frame.len() - 2);
            checksum(body) == sum
        };
        if frame.starts_with(&self.frame) {
            let why = "the request itself came back: the adapter listens while it sends";
            Failure::Misfit(why.into())
        } else if is_whole {
            let (unit, function) = (frame[0], frame[1]);
            let (asked, of) = (self.function(), self.unit());
            Failure::Misfit(format!(
                "{} bytes from unit {unit}, function {function}, to function {asked} of unit {of}",
                frame.len()
            ))
        } else {
            Failure::Garbled(format!("{} bytes that are no frame: {bytes:02x?}", bytes.len()))
        }
    }

    /// Whether these bytes begin as its answer would: then that has come, however broken.
    #[must_use]
    pub fn began(&self, bytes: &[u8]) -> bool {
        let begin = without_noise(bytes);
        begin.starts_with(&self.frame[..2]) && !begin.starts_with(&self.frame)
    }
}

impl Reads {
    /// Bytes of data in the answer.
    fn bytes(self) -> usize {
        match self {
            Reads::Bits(number) => usize::from(number.div_ceil(8)),
            Reads::Words(number) => 2 * usize::from(number),
        }
    }
}

fn without_noise(bytes: &[u8]) -> &[u8] {
    let noise = bytes.iter().take(NOISE_MAX).take_while(|byte| NOISE.contains(byte)).count();
    &bytes[noise..]
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn framed(bytes: &[u8]) -> Vec<u8> {
        [bytes, &checksum(bytes)].concat()
    }

    #[test]
    fn frames_of_real_devices_have_the_checksum_we_make() {
        // plant.md 8, Modbus CRC vectors: frames from the makers' pages [S37], [S38].
        for (frame, sum) in [
            ([0x01, 0x05, 0x00, 0x00, 0xFF, 0x00], [0x8C, 0x3A]),
            ([0x01, 0x05, 0x00, 0x00, 0x00, 0x00], [0xCD, 0xCA]),
            ([0x01, 0x03, 0x00, 0x00, 0x00, 0x02], [0xC4, 0x0B]),
            ([0x01, 0x04, 0x00, 0x00, 0x00, 0x01], [0x31, 0xCA]),
            ([0x01, 0x06, 0x00, 0x01, 0x00, 0x03], [0x98, 0x0B]),
            ([0x02, 0x03, 0x0C, 0x1E, 0x00, 0x04], [0x27, 0x6C]),
            ([0x02, 0x06, 0x23, 0x29, 0x00, 0x0D], [0x92, 0x70]),
        ] {
            assert_eq!(checksum(&frame), sum, "{frame:02x?}");
        }
    }

    #[test]
    fn requests_go_out_as_the_standard_has_them() {
        let coils = [true, false, true, true, false, false, true, true, true, false];
        for (request, wanted) in [
            (Request::ReadDiscreteInputs(0x00C4, 22), vec![2, 0x00, 0xC4, 0, 22]),
            (Request::WriteSingleCoil(0x00AC, true), vec![5, 0x00, 0xAC, 0xFF, 0]),
            (
                Request::WriteMultipleCoils(0x13, Cow::Owned(coils.to_vec())),
                vec![15, 0, 0x13, 0, 10, 2, 0xCD, 0x01],
            ),
            (
                Request::WriteMultipleRegisters(1, Cow::Owned(vec![10, 0x102])),
                vec![16, 0, 1, 0, 2, 4, 0, 10, 1, 2],
            ),
            (Request::Custom(5, Cow::Owned(vec![2, 3, 0, 30])), vec![5, 2, 3, 0, 30]),
        ] {
            let question = Question::new(9, &request).expect("we ask this");
            assert_eq!(question.frame(), framed(&[vec![9], wanted].concat()), "{request:?}");
        }
    }

    #[test]
    fn an_answer_is_taken_whole_or_not_at_all() {
        let question = Question::new(7, &Request::ReadHoldingRegisters(1, 2)).expect("we ask this");
        let answer = framed(&[7, 3, 4, 0, 1, 0, 2]);
        for length in 0..answer.len() {
            assert_eq!(question.judge(&answer[..length]), Heard::Part, "{length}");
        }
        let words = Heard::Whole(Ok(Answer::Words(vec![1, 2])));
        assert_eq!(question.judge(&answer), words);
        assert_eq!(question.judge(&[&[0, 0xFF][..], &answer].concat()), words, "a glitch before");
        assert_eq!(question.judge(&[&answer[..], &[0xFF, 0]].concat()), words, "one behind it");
        for more in [&[7][..], &[0, 7], &[0; NOISE_MAX + 1]] {
            assert_eq!(question.judge(&[&answer[..], more].concat()), Heard::Other, "{more:?}");
        }
        let refused = || Heard::Whole(Err(Failure::Exception(ExceptionCode::IllegalDataAddress)));
        assert_eq!(question.judge(&framed(&[7, 0x83, 2])), refused());
        assert_eq!(question.judge(&[&framed(&[7, 0x83, 2])[..], &[0xFF]].concat()), refused());
        let (mut wrong, noise) = (answer.clone(), [0]);
        wrong[3] ^= 1;
        let heard = question.judge(&[&wrong[..], &noise].concat());
        assert!(matches!(heard, Heard::Whole(Err(Failure::Garbled(_)))), "{heard:?}");
        for other in [
            framed(&[8, 3, 4, 0, 1, 0, 2]),
            framed(&[7, 4, 4, 0, 1, 0, 2]),
            framed(&[7, 3, 2, 0, 1]),
            framed(&[7, 3, 6, 0, 1, 0, 2, 0, 3]),
            question.frame().to_vec(),
        ] {
            assert_eq!(question.judge(&other), Heard::Other, "{other:?}");
            assert!(matches!(question.name(&other), Failure::Misfit(_)), "{other:?}");
        }
    }

    /// The request for one register at 0x02B0 of unit 4 is a frame with a right checksum without its last zero; so is that
    /// for two at 0x04xx with a zero behind it, which is what a line makes by itself.
    #[test]
    fn the_echo_of_a_request_is_no_answer_to_it_wherever_it_is_cut() {
        for function in [3, 4] {
            for address in 0..=u16::MAX {
                for number in 1..=3 {
                    let request = match function {
                        3 => Request::ReadHoldingRegisters(address, number),
                        _ => Request::ReadInputRegisters(address, number),
                    };
                    let question = Question::new(4, &request).expect("we ask this");
                    for noise in 0..=NOISE_MAX {
                        let heard = question.judge(&[question.frame(), &vec![0; noise]].concat());
                        let is_answer = matches!(heard, Heard::Whole(Ok(_)));
                        assert!(!is_answer, "{number} at {address:04x} and {noise}: {heard:?}");
                    }
                }
            }
        }
    }

    proptest::proptest! {
        /// Whatever one or two bits turn into on the way is never taken for a value.
        #[test]
        fn a_flipped_bit_is_never_a_value(one in 0_usize..88, two in 0_usize..88, value: u16) {
            let question = Question::new(7, &Request::ReadHoldingRegisters(1, 3)).expect("asked");
            let [high, low] = value.to_be_bytes();
            let mut answer = framed(&[7, 3, 6, high, low, 0, 1, 0, 2]);
            for bit in [one, two] {
                answer[bit / 8] ^= 1 << (bit % 8);
            }
            let is_value = matches!(question.judge(&answer), Heard::Whole(Ok(_)));
            proptest::prop_assert_eq!(is_value, one == two);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, function in 0_u8..7) {
            let request = match function {
                0 => Request::ReadCoils(5, 9),
                1 => Request::ReadDiscreteInputs(0, 1),
                2 => Request::ReadHoldingRegisters(0, 1),
                3 => Request::ReadInputRegisters(9, 2),
                4 => Request::WriteSingleCoil(1, true),
                5 => Request::WriteSingleRegister(1, 1),
                _ => Request::WriteMultipleRegisters(1, Cow::Owned(vec![1])),
            };
            let question = Question::new(bytes.first().copied().unwrap_or(1), &request).expect("asked");
            let _ = (question.judge(&bytes), question.name(&bytes), question.began(&bytes));
        }
    }
}
