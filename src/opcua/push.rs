//! Tells subscribed clients what changed, once a scan.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::opcua::server::SubscriptionCache;
use ::opcua::types::{AttributeId, DateTime};
use plc::tag::{Catalogue, Kind};

use crate::exchange::{Exchange, Live};
use crate::opcua::nodes::now;
use crate::opcua::stamps::Stamps;
use crate::opcua::tree::Tree;

/// Every value is offered again this often. A client that subscribed between reading its first value and being listed
/// would otherwise keep it until the next change; the library drops what is no news.
const OFFER_AGAIN: Duration = Duration::from_secs(5);

/// Follows the plant for as long as it lives.
pub async fn follow(
    exchange: Arc<Exchange>,
    tree: Arc<Tree>,
    stamps: Arc<Stamps>,
    subscriptions: Arc<SubscriptionCache>,
) {
    let begun = Instant::now();
    let mut plant = exchange.follow();
    let mut before = plant.borrow_and_update().clone();
    let mut offered = Instant::now();
    while plant.changed().await.is_ok() {
        let live = plant.borrow_and_update().clone();
        let real = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        stamps.advance(&before.snapshot, &live, real);
        let again = offered.elapsed() >= OFFER_AGAIN;
        if again {
            offered = Instant::now();
        }
        let news = News { before: &before, live: &live, again };
        news.tell(&exchange.catalogue, &tree, &stamps, &subscriptions);
        before = live;
    }
}

/// What one scan changed.
struct News<'a> {
    before: &'a Live,
    live: &'a Live,
    /// Everything counts as changed.
    again: bool,
}

impl News<'_> {
    /// Whether a row has something to tell. A new time alone is told of measured points, for clients that ask for it; what
    /// is computed has a new time in every scan.
    fn of(&self, row: usize, kind: &Kind) -> bool {
        let (old, new) = (&self.before.snapshot, &self.live.snapshot);
        let measured_again = || matches!(kind, Kind::Input(_)) && old.taken[row] != new.taken[row];
        self.again || old.samples[row] != new.samples[row] || measured_again()
    }

    fn tell(
        &self,
        catalogue: &Catalogue,
        tree: &Tree,
        stamps: &Stamps,
        subscriptions: &SubscriptionCache,
    ) {
        let at = DateTime::now();
        let mut notifier = subscriptions.data_notifier();
        let mut alarms_changed = self.again;
        let changed = catalogue.rows.iter().filter(|row| self.of(row.id, &row.kind));
        for row in changed {
            alarms_changed |= matches!(row.kind, Kind::Alarm(_));
            for (node, source) in &tree.of_row[row.id] {
                // Nothing is computed for a node that nobody watches.
                if let Some(mut watchers) = notifier.notify_for(node, AttributeId::Value) {
                    watchers.data_value(now(*source, catalogue, tree, self.live, stamps, at));
                }
            }
        }
        if alarms_changed {
            for (node, source) in &tree.of_alarms {
                if let Some(mut watchers) = notifier.notify_for(node, AttributeId::Value) {
                    watchers.data_value(now(*source, catalogue, tree, self.live, stamps, at));
                }
            }
        }
    }
}
