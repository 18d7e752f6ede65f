from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST


@login_required
def me(request):
    return render(request, "me.html")


@login_required
def api_me(request):
    claims = request.claims
    return JsonResponse({"name": claims["name"], "role": claims["role"], "signed_in_at": claims["auth_time"]})


@login_required
def people(request):
    only_admins(request)
    return render(request, "people.html", {"people": User.objects.order_by("username")})


@login_required
@require_POST
def change(request, id):
    only_admins(request)
    user = get_object_or_404(User, id=id)
    user.is_staff = request.POST["role"] == "admin"
    user.is_active = "active" in request.POST
    user.save()
    return HttpResponseRedirect(reverse("people"), status=303)


def only_admins(request):
    if request.claims["role"] != "admin":
        raise PermissionDenied
