"""Where DATEX II records are: every way to say it that holds coordinates, and those without."""

from xml.etree.ElementTree import fromstring

import pytest

from feeds import datex2_places


def at(inner, kind="Linear", container="groupOfLocations"):
    record = fromstring(
        '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<{container} xsi:type="{kind}">{inner}</{container}></r>'
    )
    return datex2_places.place(record), datex2_places.names(record, "de")


def coordinates(lat, lon):
    pair = f"<latitude>{lat}</latitude><longitude>{lon}</longitude>"
    return f"<pointCoordinates>{pair}</pointCoordinates>"


def test_a_line_of_gml_is_latitude_longitude():
    found, _ = at("<gmlLineString><posList>52.1 5.2 52.2 5.3</posList></gmlLineString>")

    assert found.wkt == "LINESTRING (5.2 52.1, 5.3 52.2)"


@pytest.mark.parametrize(
    ("reference", "first"),
    [
        ("EPSG:4326", "5.2 52.1"),
        ("urn:ogc:def:crs:EPSG::4258", "5.2 52.1"),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "5.2 52.1"),
        ("WGS84", "5.2 52.1"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "52.1 5.2"),
    ],
)
def test_the_reference_system_decides_the_order(reference, first):
    line = f'<LineString><posList srsName="{reference}">52.1 5.2 52.2 5.3</posList></LineString>'

    assert at(line)[0].wkt.startswith(f"LINESTRING ({first}")


@pytest.mark.parametrize("reference", ["EPSG:25832", "EPSG:28992", "WGS84 / UTM zone 32N"])
def test_metres_are_refused_and_told(reference):
    found, _ = at(
        f'<gmlLineString><posList srsName="{reference}">1 2 3 4</posList></gmlLineString>'
    )

    assert found.wkt is None
    assert "only degrees" in found.odd[0]


def test_heights_commas_and_what_lies_beyond_the_pole_are_dealt_with():
    high = '<gmlLineString><posList srsDimension="3">52 5 9 53 6 9</posList></gmlLineString>'
    commas = "<gmlLineString><posList>52,5 53,6</posList></gmlLineString>"
    beyond = "<gmlLineString><posList>-93 41 -94 42</posList></gmlLineString>"

    assert at(high)[0].wkt == at(commas)[0].wkt == "LINESTRING (5.0 52.0, 6.0 53.0)"
    assert at(beyond)[0].wkt == "LINESTRING (-93.0 41.0, -94.0 42.0)"


@pytest.mark.parametrize("numbers", ["", "1 2 3", "a b", "NaN 5 1 2", "500 600 700 800"])
def test_lists_that_make_no_sense_are_told(numbers):
    found, _ = at(f"<gmlLineString><posList>{numbers}</posList></gmlLineString>")

    assert (found.wkt, len(found.odd)) == (None, 1)


def test_areas_have_rings_and_holes():
    ring = "<gmlLinearRing><posList>0 0 0 9 9 9 0 0</posList></gmlLinearRing>"
    hole = "<gmlLinearRing><posList>1 1 1 2 2 2</posList></gmlLinearRing>"
    area = f"<gmlPolygon><exterior>{ring}</exterior><interior>{hole}</interior></gmlPolygon>"

    one, _ = at(f"<gmlMultiPolygon>{area}</gmlMultiPolygon>", "AreaLocation", "locationReference")
    two, _ = at(area + area.replace("9", "8"), "AreaLocation", "locationReference")

    assert one.wkt.startswith("POLYGON ((0.0 0.0, 9.0 0.0, 9.0 9.0, 0.0 0.0), (1.0 1.0")
    assert two.wkt.startswith("MULTIPOLYGON (((")


def test_a_framed_point_is_the_framed_one():
    framed = (
        f"<tpegPointLocation><framedPoint>{coordinates(52, 5)}</framedPoint>"
        f"<to>{coordinates(1, 1)}</to><from>{coordinates(2, 2)}</from></tpegPointLocation>"
    )

    assert at(framed, "Point")[0].wkt == "POINT (5.0 52.0)"


def test_a_line_of_tpeg_runs_from_and_to():
    line = (
        f"<tpegLinearLocation><to>{coordinates(53, 6)}</to><from>{coordinates(52, 5)}</from>"
        "</tpegLinearLocation>"
    )

    assert at(line)[0].wkt == "LINESTRING (5.0 52.0, 6.0 53.0)"


def test_an_itinerary_is_put_in_order_and_a_group_is_one_shape():
    def part(index, lat):
        return (
            f'<locationContainedInItinerary index="{index}"><location>'
            f"<gmlLineString><posList>{lat} 5 {lat + 1} 5</posList></gmlLineString></location>"
            "</locationContainedInItinerary>"
        )

    found, _ = at(part(1, 52) + part(0, 51), "ItineraryByIndexedLocations")

    assert found.wkt == "MULTILINESTRING ((5.0 51.0, 5.0 52.0), (5.0 52.0, 5.0 53.0))"


def test_coordinates_for_display_are_better_than_none():
    shown = (
        "<locationForDisplay><latitude>52</latitude><longitude>5</longitude></locationForDisplay>"
    )
    alert = "<alertCPoint><specificLocation>12</specificLocation></alertCPoint>"

    found, names = at(shown + alert, "Point")

    assert (found.wkt, names) == ("POINT (5.0 52.0)", "Alert-C: 12")


def test_codes_of_a_national_table_are_kept_as_text():
    codes = (
        "<alertCLinear><alertCLocationTableNumber>17</alertCLocationTableNumber>"
        "<a><specificLocation>992</specificLocation></a><b><specificLocation>993</specificLocation>"
        "</b></alertCLinear>"
    )

    found, names = at(codes)

    assert (found.wkt, names) == (None, "Alert-C table 17: 992 – 993")
    assert at("<openlrBinary>AAAA</openlrBinary>") == (found, "OpenLR")
    assert at("") == (found, None)


def test_names_come_in_the_language_and_with_their_roads():
    named = (
        "<roadInformation><roadNumber>A28</roadNumber></roadInformation><areaName><values>"
        '<value lang="en">Town</value><value lang="de">Stadt</value></values></areaName>'
    )

    assert at(named, "AreaLocation")[1] == "A28, Stadt"
