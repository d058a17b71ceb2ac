//! The order of a list of sites: by what there is to do about them, and then by a column.

use core::cmp::Ordering;

use heapbeacon_shared::analysis::{Standing, ranked};
use heapbeacon_shared::trace::Kind;

use super::Site;

/// What there is to do about a site, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Nobody can free some of its blocks any more.
    Lost,
    /// It leaks.
    NeedsAction,
    /// It grows, and may be a leak or not.
    Filling,
    /// It holds what it has.
    Steady,
    /// Its blocks come and go.
    InFlight,
}

impl Group {
    /// Every group, in order.
    pub const ALL: [Self; 5] = [
        Self::Lost,
        Self::NeedsAction,
        Self::Filling,
        Self::Steady,
        Self::InFlight,
    ];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "Lost",
            Self::NeedsAction => "Needs action",
            Self::Filling => "Filling, or too early to say",
            Self::Steady => "Steady",
            Self::InFlight => "In flight",
        }
    }

    /// Returns whether somebody should act.
    pub fn is_urgent(self) -> bool {
        self <= Self::NeedsAction
    }

    /// Returns the group of a site.
    pub fn of(site: &Site) -> Self {
        let judgement = &site.judgement;
        match judgement.kind() {
            _ if site.lost.count > 0 => Self::Lost,
            _ if judgement.leaks() => Self::NeedsAction,
            _ if judgement.is_growing() => Self::Filling,
            _ if judgement.standing() == Standing::Stopped => Self::Steady,
            Kind::InFlight => Self::InFlight,
            Kind::Plateau | Kind::OneOff => Self::Steady,
            _ => Self::Filling,
        }
    }
}

/// Returns the function that calls the most of some sites, and how many of them, if those are two or more.
pub fn cause(sites: &[&Site]) -> Option<(String, usize)> {
    let called_by = |caller: &str| {
        let sites = sites.iter();
        sites.filter(|site| site.caller() == Some(caller)).count()
    };
    let callers = sites.iter().filter_map(|site| site.caller());
    let counted = callers.map(|caller| (called_by(caller), caller));
    let (number, caller) = counted.max()?;
    (number > 1).then(|| (caller.to_owned(), number))
}

/// What sites of a group are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// Name.
    Name,
    /// What it does.
    Verdict,
    /// Live bytes.
    #[default]
    Live,
    /// Live blocks.
    Blocks,
    /// Bytes a minute that it grows by, and then bytes gained.
    Growth,
    /// Age of the oldest block.
    Oldest,
}

/// The order of the sites of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// What they are ordered by.
    pub column: Column,
    /// Whether the order is the other way round: the first letter of a name, what needs action, and the most of everything else, come
    /// first otherwise.
    pub is_reversed: bool,
}

impl Column {
    /// Every column, with its name in the address of a view.
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Name, "name"),
        (Self::Verdict, "verdict"),
        (Self::Live, "live"),
        (Self::Blocks, "blocks"),
        (Self::Growth, "growth"),
        (Self::Oldest, "oldest"),
    ];
}

impl Order {
    /// Returns its name in the address of a view, with a `-` before it where it is reversed; empty for the usual one.
    pub fn name(self) -> String {
        let mut names = Column::NAMES.into_iter();
        let found = names.find(|(column, _)| *column == self.column && self != Self::default());
        let name = found.map_or("", |(_, name)| name);
        let sign = if self.is_reversed { "-" } else { "" };
        [sign, name].concat()
    }

    /// Returns the order of a name, or the usual one.
    pub fn named(name: &str) -> Self {
        let (is_reversed, name) = match name.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let mut names = Column::NAMES.into_iter();
        let found = names.find(|(_, known)| *known == name);
        found.map_or_else(Self::default, |(column, _)| Self {
            column,
            is_reversed,
        })
    }

    /// Returns the order once somebody has chosen a column: chosen again, it is the other way round.
    pub fn chosen(self, column: Column) -> Self {
        Self {
            column,
            is_reversed: column == self.column && !self.is_reversed,
        }
    }

    /// Returns which of two sites of a group comes first.
    fn compare(self, a: &Site, b: &Site) -> Ordering {
        let order = match self.column {
            Column::Name => a.name.cmp(&b.name),
            Column::Verdict => {
                let place = |site: &Site| {
                    let kind = site.judgement.kind();
                    Kind::ALL.iter().position(|other| *other == kind)
                };
                place(a).cmp(&place(b))
            }
            Column::Live => b.bytes.cmp(&a.bytes),
            Column::Blocks => b.count.cmp(&a.count),
            Column::Growth => {
                let growth = |site: &Site| (site.judgement.growth(), site.judgement.gained);
                let (a, b) = (growth(a), growth(b));
                b.0.total_cmp(&a.0).then(b.1.cmp(&a.1))
            }
            Column::Oldest => a.oldest_us.cmp(&b.oldest_us),
        };
        match self.is_reversed {
            true => order.reverse(),
            false => order,
        }
    }

    /// Puts sites in order: by their groups, where they are grouped at all.
    pub fn sort(self, sites: Vec<Site>, is_grouped: bool) -> Vec<Site> {
        let all = sites.len();
        let group = |site: &Site| is_grouped.then(|| Group::of(site));
        let comes_first = |a: &Site, b: &Site| {
            let order = group(a).cmp(&group(b)).then_with(|| self.compare(a, b));
            order.then_with(|| a.key.cmp(&b.key)) == Ordering::Less
        };
        ranked(sites, all, comes_first)
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Kind;

    use super::*;
    use crate::model::finding::tests::site;
    use crate::model::holders::Lost;
    use crate::model::sites::Grouping;

    fn sites() -> Vec<Site> {
        let sized = |name: &str, kind, bytes, oldest_us| Site {
            bytes,
            oldest_us,
            ..site(name, kind)
        };
        let lost = Lost { count: 1, bytes: 8 };
        vec![
            sized("a", Kind::InFlight, 10, 3),
            sized("b", Kind::Plateau, 30, 2),
            sized("c", Kind::OneOff, 20, 1),
            Site {
                lost,
                ..sized("d", Kind::InFlight, 5, 4)
            },
            sized("e", Kind::TooEarly, 40, 5),
        ]
    }

    fn names(order: Order, is_grouped: bool) -> String {
        let sorted = order.sort(sites(), is_grouped);
        sorted.iter().map(|site| site.name.as_str()).collect()
    }

    #[test]
    fn what_needs_action_comes_first_and_then_the_most_bytes() {
        assert_eq!(names(Order::default(), true), "debca");
        assert_eq!(names(Order::default(), false), "ebcad");
    }

    #[test]
    fn a_column_orders_within_its_groups_and_a_second_time_the_other_way_round() {
        let by_age = Order::default().chosen(Column::Oldest);
        assert_eq!(names(by_age, true), "decba");
        assert_eq!(names(by_age.chosen(Column::Oldest), true), "debca");
        let by_verdict = by_age.chosen(Column::Verdict);
        assert_eq!(names(by_verdict, false), "badce");
        let by_name = by_age.chosen(Column::Name);
        assert_eq!(names(by_name, false), "abcde");
        assert_eq!(names(by_name.chosen(Column::Name), false), "edcba");
    }

    #[test]
    fn an_order_is_found_by_its_name_and_the_usual_one_needs_none() {
        for (column, _) in Column::NAMES {
            let order = Order::default().chosen(Column::Name).chosen(column);
            let other = order.chosen(column);
            for order in [order, other] {
                assert_eq!(Order::named(&order.name()), order);
            }
        }
        assert_eq!(Order::default().name(), "");
        for unknown in ["", "-", "size", "-size"] {
            assert_eq!(Order::named(unknown), Order::default(), "{unknown}");
        }
        for grouping in [Grouping::CallSite, Grouping::CallStack, Grouping::Task] {
            assert_eq!(Grouping::named(grouping.name()), grouping);
        }
    }
}
