import shapely

from demo import sites
from demo.districts import points, ward, wards


def all_sites():
    groups = (sites.traffic, sites.air, sites.river, sites.power, sites.footfall, sites.bikes)
    groups += (sites.parking, sites.weather_stations, sites.stations)
    return [site for group in groups for site in group()]


def test_there_are_58_districts_with_about_1_7_million_people():
    assert len(wards()) == 58
    assert 1_600_000 < sum(w.population for w in wards()) < 1_800_000
    assert all(w.shape.is_valid for w in wards())


def test_the_city_has_the_sites_that_packs_rely_on():
    counts = [len(g()) for g in (sites.traffic, sites.air, sites.river, sites.footfall)]

    assert counts == [80, 12, 6, 24]
    assert len(sites.bikes()) == 120
    assert {s.district for s in sites.traffic()} == {w.id for w in wards()}
    assert {s.id for s in sites.power()} == {f"feeder-{w.id}" for w in wards()}
    assert "river-sainte-genevieve" in {s.id for s in sites.river()}
    assert len({s.id for s in all_sites()}) == len(all_sites())


def test_every_site_stands_inside_its_district():
    for site in all_sites():
        assert shapely.contains_xy(ward(site.district).shape, site.lon, site.lat), site.id


def test_points_of_a_district_are_inside_and_stay_where_they_are():
    chosen = points("64", "doors", 200)

    assert shapely.contains_xy(ward("64").shape, chosen[:, 0], chosen[:, 1]).all()
    assert len({tuple(p) for p in chosen.tolist()}) > 150
    points.cache_clear()
    assert (points("64", "doors", 200) == chosen).all()
