//! Of an organisation, one endpoint is looked at without the accounts that have nothing to do with it.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so")]

mod collected;

use collected::collect;
use sagelock_domain::call::Op;
use sagelock_domain::collect::{About, Collector, Focus, Scope};
use sagelock_domain::ids::{AccountId, EndpointName, KeyRef, Region};
use sagelock_domain::inventory::Control;
use sagelock_sim::estate::fleet::{Size, fleet};

const REGION: &str = "eu-west-1";
/// It owns the central keys.
const CENTRAL: &str = "200000000001";
const MEMBER: &str = "200000000004";

#[test]
fn the_other_accounts_are_not_entered_but_for_what_is_asked_of_them() {
    let now = "2026-10-01T08:00:00Z".parse().expect("a time");
    let size = Size {
        accounts: 8,
        regions: 1,
        endpoints: 3,
        roles: 5,
    };
    let mut fleet = fleet(now, 1, size);
    let open = fleet.accounts.iter().filter(|account| !account.suspended);
    let ids: Vec<AccountId> = open.map(|account| AccountId::new(&account.id)).collect();
    let cell = fleet.world.look(MEMBER, REGION).expect("a member");
    let endpoint = cell.sagemaker.endpoints().next().expect("an endpoint");
    let endpoint = EndpointName::new(&endpoint.name);
    let central = fleet.world.look(CENTRAL, REGION).expect("the owner");
    let key = central.kms.keys().find(|key| {
        key.tags.get("owner").is_some_and(|of| of == "security") && !key.tags.contains_key("tenant")
    });
    let key = key.expect("a central key").arn.clone();
    let focus = Focus {
        account: Some(AccountId::new(MEMBER)),
        key: KeyRef::read(Some(&key)),
        ..Focus::of(endpoint, now)
    };
    let scope = Scope::of(&ids, &[Region::new(REGION)], false);
    let collector = Collector::new(&scope).with_principals(About::Everything);
    let mut cells = Vec::new();
    let mut collector = collector.on(focus);
    let asked = collect(
        &mut collector,
        now,
        |_| 0,
        |address, call| {
            let (account, region) = (address.account.as_str(), address.region.as_str());
            fleet.world.answer(account, region, call)
        },
        |collector| {
            let whole = collector.take_cells().into_iter();
            cells.extend(whole.map(|cell| cell.id.account));
        },
    );
    assert_eq!(cells, [AccountId::new(MEMBER)]);
    for op in [Op::DescribeEndpoint, Op::GetAccountAuthorizationDetails] {
        assert_eq!(asked.get(&op), Some(&1), "{op:?} of {asked:?}");
    }
    // Its owner told of the key, and what binds it is known.
    let keys = collector.keys();
    let read = keys.by_arn.values().find(|known| known.arn.as_str() == key);
    assert!(read.expect("the key").policy.is_some(), "{asked:?}");
    let principals = collector.principals();
    let accounts: Vec<&str> = principals
        .by_account
        .keys()
        .map(AccountId::as_str)
        .collect();
    assert_eq!(accounts, [MEMBER]);
    for account in [MEMBER, CENTRAL] {
        let levels = principals
            .controls
            .levels(Control::Service, &AccountId::new(account));
        assert!(levels.is_ok_and(|levels| levels.len() > 1), "{account}");
    }
}
