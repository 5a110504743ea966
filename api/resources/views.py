"""REST resources: pages by key, and optimistic locking by ETag and If-Match."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.db import IntegrityError, models, transaction
from django.http import Http404, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer, ModelSerializer, ValidationError

from api.access.base_views import ApiView
from api.http.encoding import encode_json
from api.http.instants import shown
from api.http.parsers import JsonBodyParser
from api.http.query import check_names, check_no_names
from api.resources.json_fields import JsonBoolean, JsonInteger, JsonString
from lakehouse.errors import QueryError

LIMIT, AFTER = "limite", "apres"
DEFAULT_ROWS, MAX_ROWS = 50, 200
_PRIVATE = "private, no-cache"


class MissingPreconditionError(APIException):
    """A change names no version. Source: RFC 6585, section 3."""

    status_code = 428
    default_detail = "If-Match is missing: a change names the ETag of what it changes"
    accepted = 'If-Match: "3", the ETag that GET answered with; or *'


class StaleVersionError(APIException):
    """The row has another version than the change names. Source: RFC 9110, section 13.1.1."""

    status_code = 412
    default_detail = "this was changed meanwhile: get it again, and change that"


class ConflictError(APIException):
    """The row would contradict another one."""

    status_code = 409


class StrictSerializer(ModelSerializer):
    """Serializer that refuses unknown members, read-only members, and values of another JSON type.

    Django REST framework's ignores the first two. The key of a row is read-only once there is one.
    """

    serializer_field_mapping = ModelSerializer.serializer_field_mapping | {
        models.BooleanField: JsonBoolean,
        models.CharField: JsonString,
        models.PositiveSmallIntegerField: JsonInteger,
    }

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        key = self.Meta.model._meta.pk.name
        if self.instance is not None and key in fields:
            fields[key].read_only = True
        return fields

    def to_internal_value(self, given: Any) -> Any:
        if isinstance(given, Mapping):
            accepted = [name for name, field in self.fields.items() if not field.read_only]
            unknown = [name for name in given if name not in accepted]
            if unknown:
                raise ValidationError(
                    {str(unknown[0])[:80]: f"not taken here; accepted: {', '.join(accepted)}"}
                )
        return super().to_internal_value(given)


class ResourceView(ApiView):
    """Base of the views of rows."""

    parser_classes = (JsonBodyParser,)

    def answer(self, document: Any, *, status: int = 200, version: int | None = None) -> HttpResponse:
        """Return a private answer, with the row's version as its ETag."""
        body = b"" if status == 204 else encode_json(document)
        response = HttpResponse(body, status=status, content_type="application/json")
        response["Cache-Control"] = _PRIVATE
        response["Vary"] = "Cookie, Authorization"
        if version is not None:
            response["ETag"] = etag_of(version)
        return response


class ListView(ResourceView):
    """GET a page of rows in the order of ``key``, which is unique; ``descending`` reverses it."""

    serializer_class: type[ModelSerializer]
    key = "id"
    descending = False

    def rows(self, **path: str) -> models.QuerySet[Any]:
        """Return the rows that the user may see."""
        raise NotImplementedError

    def get(self, request: Request, **path: str) -> HttpResponse:
        limit, after = self._parse(request)
        rows = self.rows(**path).order_by(f"-{self.key}" if self.descending else self.key)
        if after is not None:
            rows = rows.filter(**{f"{self.key}__{'lt' if self.descending else 'gt'}": after})
        page = list(rows[: limit + 1])
        following = None
        if len(page) > limit:
            page = page[:limit]
            following = f"{request.path}?{urlencode({LIMIT: limit, AFTER: getattr(page[-1], self.key)})}"
        documents = self.serializer_class(page, many=True, context={"request": request}).data
        return self.answer({"elements": documents, "suivant": following})

    def _parse(self, request: Request) -> tuple[int, Any]:
        """Return (rows a page, key to continue after). Raises QueryError."""
        accepted = {LIMIT: f"a whole number from 1 to {MAX_ROWS}", AFTER: "what `suivant` of a page holds"}
        given = check_names(request.query_params, accepted)
        limit = given.get(LIMIT, str(DEFAULT_ROWS))
        if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MAX_ROWS):
            raise QueryError(
                parameter=LIMIT, problem=f"{shown(limit)} is not accepted", accepted=accepted[LIMIT]
            )
        after: Any = given.get(AFTER)
        if after is not None and self.key == "id":
            if not (after.isascii() and after.isdigit() and len(after) <= 18):
                raise QueryError(
                    parameter=AFTER, problem=f"{shown(after)} is not accepted", accepted=accepted[AFTER]
                )
            after = int(after)
        return int(limit), after


class CollectionView(ListView):
    """GET a page; POST a new row, which answers 201 with its Location."""

    http_method_names: tuple[str, ...] = ("get", "head", "options", "post")

    def post(self, request: Request, **path: str) -> HttpResponse:
        serializer = self.serializer_class(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        with raising_conflicts(), transaction.atomic():
            row = self.create(request, serializer)
        document = self.serializer_class(row, context={"request": request}).data
        response = self.answer(document, status=201, version=getattr(row, "version", None))
        response["Location"] = f"{request.path.rstrip('/')}/{self.identity_of(row)}"
        return response

    def create(self, request: Request, serializer: BaseSerializer) -> Any:
        return serializer.save()

    def identity_of(self, row: Any) -> str:
        return str(row.pk)


class ItemView(ResourceView):
    """GET one row; PATCH and DELETE it under If-Match: 428 without, 412 where its version is another."""

    http_method_names: tuple[str, ...] = ("get", "head", "options", "patch", "delete")
    serializer_class: type[ModelSerializer]

    def rows(self) -> models.QuerySet[Any]:
        """Return the rows that the user may see."""
        raise NotImplementedError

    def find(self, rows: models.QuerySet[Any], **path: str) -> Any:
        """Return the row of a path. Raises Http404."""
        row = rows.filter(**path).first()
        if row is None:
            raise Http404
        return row

    def get(self, request: Request, **path: str) -> HttpResponse:
        check_no_names(request.query_params)
        row = self.find(self.rows(), **path)
        return self.answer(self._shown(row), version=row.version)

    def patch(self, request: Request, **path: str) -> HttpResponse:
        with raising_conflicts(), transaction.atomic():
            row = self._locked(request, **path)
            serializer = self.serializer_class(
                row, data=request.data, partial=True, context={"request": request}
            )
            serializer.is_valid(raise_exception=True)
            row = self.change(request, serializer)
        return self.answer(self._shown(row), version=row.version)

    def delete(self, request: Request, **path: str) -> HttpResponse:
        with transaction.atomic():
            self._locked(request, **path).delete()
        return self.answer(None, status=204)

    def change(self, request: Request, serializer: BaseSerializer) -> Any:
        return serializer.save()

    def _locked(self, request: Request, **path: str) -> Any:
        """Return the row, locked until this transaction ends; SQLite's are IMMEDIATE."""
        row = self.find(self.rows().select_for_update(), **path)
        check_precondition(request, row.version)
        return row

    def _shown(self, row: Any) -> Any:
        return self.serializer_class(row, context={"request": self.request}).data


def etag_of(version: int) -> str:
    """Return the ETag of a version.

    >>> etag_of(3)
    '"3"'
    """
    return f'"{version}"'


def check_precondition(request: Request, version: int) -> None:
    """Raise MissingPreconditionError or StaleVersionError unless If-Match names a version.

    A weak tag counts as its strong one: proxies that compress weaken tags, and a version names
    what is stored, not bytes.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise MissingPreconditionError
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    if "*" not in tags and etag_of(version) not in tags:
        raise StaleVersionError


@contextmanager
def raising_conflicts() -> Iterator[None]:
    """Raise ConflictError in place of IntegrityError."""
    try:
        yield
    except IntegrityError as error:
        raise ConflictError("there is one of this name or symbol already") from error
