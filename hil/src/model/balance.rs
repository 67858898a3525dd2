//! The books of the model itself: water, solids and chlorine over the border of the plant, closed after every step. INV-46.
//!
//! Water is counted from the screen, solids from P-101 on, free chlorine from P-411 on; each as far as the tap.

/// A step moves next to nothing where the plant stands still: this share of what is held counts as moved at least.
const STILL: f64 = 1.0e-6;

/// And so much at least: a microgram or a millilitre, which is what sums over weeks are rounded to.
const LEAST: f64 = 1.0e-6;

/// What is held, and what crossed the border.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Book {
    /// Since the start.
    pub taken_in: f64,
    /// Since the start; what is used up counts as let out.
    pub let_out: f64,
    held: f64,
    held_at_start: f64,
    came: f64,
    went: f64,
    error: f64,
    worst: f64,
}

impl Book {
    /// Opened with this held.
    #[must_use]
    pub fn opened(held: f64) -> Book {
        Book { held, held_at_start: held, ..Book::default() }
    }

    /// So much came in; negative: back out by the same way.
    pub fn come(&mut self, amount: f64) {
        self.came += amount;
    }

    /// So much went out, or was used up.
    pub fn go(&mut self, amount: f64) {
        self.went += amount;
    }

    /// The step is over and so much is held now.
    pub fn close(&mut self, held: f64) {
        let missing = held - self.held - (self.came - self.went);
        let moved = libm::fabs(self.came) + libm::fabs(self.went);
        self.error = libm::fabs(missing) / (moved + STILL * libm::fabs(held)).max(LEAST);
        // NaN is the worst of all.
        if !(self.error <= self.worst) {
            self.worst = self.error;
        }
        self.taken_in += self.came;
        self.let_out += self.went;
        (self.held, self.came, self.went) = (held, 0.0, 0.0);
    }

    /// What the last step missed, as a fraction of what it moved over the border.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.error
    }

    /// The worst step so far.
    #[must_use]
    pub fn worst(&self) -> f64 {
        self.worst
    }

    /// What is missing or too much since the start, as a fraction of what moved and is held.
    #[must_use]
    pub fn drift(&self) -> f64 {
        let difference = self.held - self.held_at_start - (self.taken_in - self.let_out);
        libm::fabs(difference)
            / (self.held_at_start + libm::fabs(self.taken_in) + self.let_out).max(1.0)
    }
}

/// The three books.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Books {
    /// m³.
    pub water: Book,
    /// g of dry matter.
    pub solids: Book,
    /// g.
    pub chlorine: Book,
}

/// How well the books close: each step's error as a fraction of what it moved, the worst so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Balance {
    pub water: f64,
    pub solids: f64,
    pub chlorine: f64,
}

impl Balance {
    /// INV-46: 1e-6 relative per step. NaN does not close.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.water <= TOLERANCE && self.solids <= TOLERANCE && self.chlorine <= TOLERANCE
    }
}

/// INV-46.
pub const TOLERANCE: f64 = 1.0e-6;

impl Books {
    /// The worst steps so far.
    #[must_use]
    pub fn worst(&self) -> Balance {
        Balance {
            water: self.water.worst(),
            solids: self.solids.worst(),
            chlorine: self.chlorine.worst(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// INV-46: a book that cannot fail would show nothing.
    #[test]
    fn a_book_that_misses_a_hundredth_of_the_flow_does_not_close() {
        let mut book = Book::opened(100.0);
        book.come(0.001_4);
        book.close(100.001_4);
        assert!(book.error() < 1.0e-6);
        book.come(0.001_4);
        book.close(100.001_4 + 0.99 * 0.001_4);
        assert!(book.error() > 1.0e-3 && book.worst() == book.error());
        book.close(f64::NAN);
        assert!(!Balance { water: book.worst(), ..Balance::default() }.closes());
    }
}
